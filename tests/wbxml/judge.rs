//! The outside judge: libwbxml's tools read what Postern writes, and write what Postern reads. They know 1.1 and 1.2.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern::syntax::Limits;
use postern::syntax::tree::Tree;
use postern::vocabulary::Version;

use crate::corpus::{Sample, corpus, plain};
use crate::document::{Node, difference};
use crate::tokens::rows;

/// Our name of an element, and libwbxml's.
const SPELLINGS: [(&str, &str); 4] = [
    ("AutoSubscribe", "Auto-Subscribe"),
    ("ExtendedData", "Extended-Data"),
    ("ReferredContent", "PreferredContent"),
    ("ReferredvCard", "PreferredvCard"),
];

/// Documents that libwbxml reads otherwise, and why.
const READ_OTHERWISE: [(&str, &str); 2] = [
    ("1.2/client-capability-request", "it lacks the values SHTTP and SSMS"),
    ("1.2/client-capability-response", "it lacks the value SHTTP, and the element CIRURL"),
];

/// Documents that we read otherwise from libwbxml's WBXML, and why.
const WRITTEN_OTHERWISE: [(&str, &str); 5] = [
    ("1.1/dates-without-zone", "it gives a date without zone the zone Z"),
    ("1.1/search-hexadecimal-id", "it takes hexadecimal digits for a number, we for text"),
    ("1.2/client-capability-response", "it lacks the element CIRURL and writes no literal tags"),
    ("1.2/dates-without-zone", "it gives a date without zone the zone Z"),
    ("1.2/envelope-ext-block", "it writes no literal tags"),
];

/// The same where it drops the white space around texts.
const TRIMMED: [(&str, &str); 6] = [
    ("1.1/get-message-response", "it drops the white space at the end of content"),
    ("1.1/send-message-request-cdata", "it drops the white space before and behind CDATA"),
    ("1.1/send-message-request-white-space", "it drops the white space around content"),
    ("1.2/get-message-response", "it drops the white space at the end of content"),
    ("1.2/send-message-request-cdata", "it drops the white space before and behind CDATA"),
    ("1.2/send-message-request-white-space", "it drops the white space around content"),
];

const VERSIONS: [Version; 2] = [Version::V11, Version::V12];

/// The documents that both are asked about: the corpus, and one of all values.
fn samples() -> Vec<Sample> {
    let mut samples = corpus(&VERSIONS);
    for version in VERSIONS {
        let mut values = rows();
        // The tables of libwbxml are older than these two.
        values.retain(|row| row.of == "value" && row.written.contains(&version.as_str()));
        values.retain(|row| !["SSMS", "SHTTP"].contains(&row.name));
        let values: String = values.iter().map(|row| format!("<Value>{}</Value>", row.name)).collect();
        let uri = match version {
            Version::V11 => "http://www.wireless-village.org/CSP1.1",
            _ => "http://www.openmobilealliance.org/DTD/WV-CSP1.2",
        };
        let xml = format!("<WV-CSP-Message xmlns=\"{uri}\">{values}</WV-CSP-Message>");
        samples.push(Sample { name: format!("{version}/every value"), version, xml });
    }
    samples
}

/// Feeds a tool.
fn run(tool: &str, options: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
    let mut command = Command::new(tool);
    command.args(options).args(["-o", "-", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!("{tool}: {error}; this test needs libwbxml's tools: apt-get install libwbxml2-utils")
    });
    // Its answer comes once it has read all.
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(output.stdout) } else { Err(format!("{}: {}", output.status, said.trim())) }
}

/// Checks all documents, several at a time. Every document with a fault has to be listed, and no other.
fn all_but(listed: &[(&str, &str)], check: impl Fn(&Sample) -> Option<String> + Sync) {
    let samples = samples();
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(sample) = samples.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let reason = listed.iter().find(|(name, _)| *name == sample.name).map(|(_, reason)| *reason);
                    let fault = match (check(sample), reason) {
                        (Some(fault), None) => fault,
                        (None, Some(reason)) => format!("listed ({reason}), but nothing differs"),
                        (Some(_), Some(_)) | (None, None) => continue,
                    };
                    faults.lock().unwrap().push(format!("{}: {fault}", sample.name));
                }
            });
        }
    });
    let mut faults = faults.into_inner().unwrap();
    for (name, _) in listed.iter().filter(|(name, _)| samples.iter().all(|sample| sample.name != *name)) {
        faults.push(format!("{name}: listed, but there is no such document"));
    }
    faults.sort();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn libwbxml_reads_what_we_write() {
    let renamed = Mutex::new(BTreeSet::new());
    all_but(&READ_OTHERWISE, |sample| {
        // 1.2's number is none of libwbxml's: it is told the language.
        let language = if sample.version == Version::V11 { "CSP11" } else { "CSP12" };
        let printed = match run("wbxml2xml", &["-m", "0", "-k", "-l", language], &sample.wbxml()) {
            Ok(printed) => printed,
            Err(fault) => return Some(fault),
        };
        let mut expected = Node::read(&sample.xml);
        let mut found = Node::read(&String::from_utf8_lossy(&printed));
        found.each(&mut |node| {
            if let Some((ours, theirs)) = SPELLINGS.iter().find(|(_, theirs)| *theirs == node.name) {
                node.name = (*ours).to_owned();
                renamed.lock().unwrap().insert(*theirs);
            }
        });
        // Bytes are put into XML as they are, which makes it none.
        let mut fault = None;
        expected.each(&mut |node| {
            if node.is_encoded()
                && let Some(content) = node.children.iter_mut().find(|child| child.name == "ContentData")
            {
                let bytes = STANDARD.decode(std::mem::take(&mut content.text)).unwrap();
                if !printed.windows(bytes.len()).any(|window| window == bytes) {
                    fault = Some("the bytes of the content are not there".to_owned());
                }
            }
        });
        found.each(&mut |node| {
            if node.is_encoded()
                && let Some(content) = node.children.iter_mut().find(|child| child.name == "ContentData")
            {
                content.text.clear();
            }
        });
        fault.or_else(|| difference(&expected, &found))
    });
    assert_eq!(renamed.into_inner().unwrap().len(), SPELLINGS.len());
}

fn we_read(options: &[&str], listed: &[(&str, &str)]) {
    all_but(listed, |sample| {
        let mut expected = Node::read(&sample.xml);
        // The type tells the language; a declaration would have to stand before it.
        let (version, file) = if sample.version == Version::V11 { ("1.1", "XML") } else { ("1.2", "DTD") };
        let mut xml = format!(
            "<!DOCTYPE {} PUBLIC \"-//OMA//DTD WV-CSP {version}//EN\" \"http://www.openmobilealliance.org/DTD/WV-CSP.{file}\">",
            expected.name
        );
        xml.push_str(sample.xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap_or(&sample.xml));
        for (ours, theirs) in SPELLINGS {
            xml = xml.replace(&format!("<{ours}"), &format!("<{theirs}"));
            xml = xml.replace(&format!("</{ours}"), &format!("</{theirs}"));
        }
        let wbxml = match run("xml2wbxml", options, xml.as_bytes()) {
            Ok(wbxml) => wbxml,
            Err(fault) => return Some(fault),
        };
        let tree = match Tree::read(&wbxml, &Limits::default()) {
            Ok(tree) => tree,
            Err(error) => return Some(error.to_string()),
        };
        if tree.version != sample.version {
            return Some(format!("read as {}", tree.version));
        }
        // Namespaces are dropped on the way.
        expected.each(&mut |node| node.namespace = None);
        let mut found = plain(&tree.root);
        found.spell_out();
        difference(&expected, &found)
    });
}

#[test]
fn we_read_what_libwbxml_writes() {
    we_read(&[], &[&WRITTEN_OTHERWISE[..], &TRIMMED].concat());
}

#[test]
fn we_read_what_libwbxml_writes_with_all_white_space() {
    we_read(&["-k"], &WRITTEN_OTHERWISE);
}

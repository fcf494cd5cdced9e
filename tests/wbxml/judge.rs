//! The outside judge: libwbxml's tools read what Postern writes, and write what Postern reads.
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use postern::syntax::Limits;
use postern::syntax::tree::Tree;

use crate::document::{Node, Sample, corpus, difference};

fn run(tool: &str, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
    let mut child = Command::new(tool).args(arguments).args(["-o", "-", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
        .unwrap_or_else(|error| panic!("{tool}: {error}\nthese tests need libwbxml's tools: apt-get install libwbxml2-utils"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() { Ok(output.stdout) } else { Err(format!("{tool}: {} {}", output.status, String::from_utf8_lossy(&output.stderr).trim())) }
}
fn tree(body: &[u8]) -> Tree { Tree::read(body, &Limits::default()).unwrap() }

fn each(samples: &[Sample], check: impl Fn(&Sample) -> Option<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let faults = Mutex::new(Vec::new());
    std::thread::scope(|scope| { for _ in 0..4 { scope.spawn(|| {
        while let Some(sample) = samples.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Some(fault) = check(sample) { faults.lock().unwrap().push(format!("{}: {fault}", sample.name)); }
        }
    }); } });
    let mut f = faults.into_inner().unwrap(); f.sort(); f
}

#[test]
fn libwbxml_reads_what_we_write() {
    let samples = corpus(&["1.1", "1.2"]);
    let faults = each(&samples, |sample| {
        let tree = tree(sample.xml.as_bytes());
        let wbxml = tree.to_wbxml(tree.version).unwrap();
        let language = format!("CSP{}", sample.version.replace('.', ""));
        match run("wbxml2xml", &["-m", "0", "-l", &language], &wbxml) {
            Ok(xml) => difference(&Node::read(&sample.xml), &Node::read(std::str::from_utf8(&xml).unwrap())),
            Err(e) => Some(e),
        }
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn of(node: &postern::syntax::tree::Node) -> Node {
    Node { name: node.name.to_string(), namespace: None, text: match &node.bytes { Some(b) => { use base64::Engine as _; base64::engine::general_purpose::STANDARD.encode(b) }, None => node.text.clone() }, children: node.children.iter().map(of).collect() }
}

#[test]
fn we_read_what_libwbxml_writes() {
    let samples = corpus(&["1.1", "1.2"]);
    let faults = each(&samples, |sample| {
        let tree_ = tree(sample.xml.as_bytes());
        let (id, sys) = if sample.version == "1.1" { ("-//OMA//DTD WV-CSP 1.1//EN", "http://www.openmobilealliance.org/DTD/WV-CSP.XML") } else { ("-//OMA//DTD WV-CSP 1.2//EN", "http://www.openmobilealliance.org/DTD/WV-CSP.DTD") };
        let body = sample.xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap_or(&sample.xml);
        let xml = format!("<!DOCTYPE {} PUBLIC \"{id}\" \"{sys}\">\n{}", tree_.root.name, body);
        match run("xml2wbxml", &[], xml.as_bytes()) {
            Ok(wbxml) => { let mut n = Node::read(&sample.xml); n.each(&mut |n| n.namespace = None); match Tree::read(&wbxml, &Limits::default()) { Ok(t) => difference(&n, &of(&t.root)), Err(e) => Some(e.to_string()) } }
            Err(e) => Some(e),
        }
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

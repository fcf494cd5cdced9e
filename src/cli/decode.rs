//! `postern decode`: any IMPS message, readable.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use postern::syntax::Limits;
use postern::syntax::convert::{ConvertError, convert};
use postern::syntax::pts::parts;
use postern::syntax::tree::{Node, Syntax, Tree};
use postern::vocabulary::{Element, Version};

/// Show any IMPS message in another syntax.
///
/// Reads CSP in XML, WBXML or PTS (one part of a long message in each line), or SSP in XML; syntax and version are
/// found out. What another syntax or version has no
/// place for is left out and named on standard error. Exit 1: the message is malformed, with byte offset and element
/// path of the fault, or nothing of it has a place in the syntax asked for.
#[derive(Debug, clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "\
Examples:
  postern decode captured.wbxml
  postern decode --json captured.wbxml | jq '.root.children[0].name'
  curl -s http://127.0.0.1:8080/ --data-binary @poll.wbxml | postern decode
  postern decode --to wbxml --version 1.2 login.xml > login.wbxml
  postern decode --to ssp send.wbxml"
)]
pub(crate) struct DecodeArgs {
    /// How to print it. XML is indented, WBXML is raw bytes.
    #[arg(long, value_name = "SYNTAX", value_enum, default_value_t = To::Xml)]
    to: To,
    /// The version to print, if not the message's own. What it lacks is left out.
    #[arg(long = "version", id = "as", value_name = "1.1|1.2|1.3", value_parser = version)]
    version: Option<Version>,
    /// The same as --to json.
    #[arg(long, conflicts_with = "to")]
    json: bool,
    /// The message; standard input if absent or `-`.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// What can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum To {
    /// XML of the message's own protocol.
    Xml,
    /// CSP in WAP binary XML.
    Wbxml,
    /// CSP in plain text.
    Pts,
    /// A tree of elements.
    Json,
    /// CSP in XML, whatever it was.
    Csp,
    /// SSP, whatever it was.
    Ssp,
}

/// Runs the command.
pub(crate) fn run(args: &DecodeArgs) -> anyhow::Result<()> {
    let (name, body) = match &args.file {
        Some(file) if file.as_os_str() != "-" => {
            let body = std::fs::read(file).map_err(|error| super::unreadable(file, &error))?;
            (file.display().to_string(), body)
        }
        _ => {
            let mut body = Vec::new();
            std::io::stdin().lock().read_to_end(&mut body).context("cannot read standard input")?;
            ("standard input".to_owned(), body)
        }
    };
    let printed = print(args, &body).with_context(|| name)?;
    // Whoever closed the pipe has read enough.
    let _ = std::io::stdout().lock().write_all(&printed.bytes);
    for lost in &printed.lost {
        eprintln!("left out, since it has no place there: {lost}");
    }
    Ok(())
}

/// What is printed, and what had no place in it.
struct Printed {
    bytes: Vec<u8>,
    lost: Vec<String>,
}

fn print(args: &DecodeArgs, body: &[u8]) -> anyhow::Result<Printed> {
    // Nobody but the caller is hurt by a large file; depth stays bounded.
    let limits = Limits { bytes: 1 << 28, elements: 1 << 24, text: 1 << 28, attributes: 1000, depth: 100 };
    let joined = std::str::from_utf8(body).ok().and_then(parts::of_lines).transpose()?;
    let body = joined.as_ref().map_or(body, String::as_bytes);
    let mut tree = Tree::read(body, &limits)?;
    let to = if args.json { To::Json } else { args.to };
    let (from, into) = (tree.syntax, to.syntax(tree.syntax));
    let version = args.version.unwrap_or(tree.version);
    let (mut lost, mut line) = (Vec::new(), Vec::new());
    // What a line of PTS stands for is only known where its primitive is.
    let of_text = to != To::Json && [from, into].contains(&Syntax::CspPts);
    if into.is_ssp() != from.is_ssp() || version != tree.version || of_text {
        match convert(body, from, into, Some(version), &limits) {
            Ok((bytes, losses)) => {
                strangers(&tree.root, from, "", &mut lost);
                lost.extend(losses.iter().map(ToString::to_string));
                tree = Tree::read(&bytes, &limits)?;
                line = bytes.to_vec();
            }
            // Whatever it is, it stays what it is but for its namespaces.
            Err(ConvertError::Unknown(_)) if into.is_ssp() == from.is_ssp() && into != Syntax::CspPts => {
                tree.version = version;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let bytes = match to {
        To::Json => format!("{:#}\n", tree.to_json()).into_bytes(),
        _ if into == Syntax::CspPts => line,
        _ if into == Syntax::CspWbxml => tree.to_wbxml(tree.version).unwrap_or_default(),
        _ => tree.to_xml(tree.version).into_bytes(),
    };
    Ok(Printed { bytes, lost })
}

/// Elements of vendors: a conversion knows nothing of them.
fn strangers(node: &Node, syntax: Syntax, path: &str, lost: &mut Vec<String>) {
    let path = format!("{path}/{}", node.name);
    if !syntax.is_ssp() && Element::from_xml(&node.name).is_none() {
        lost.push(path);
        return;
    }
    for child in &node.children {
        strangers(child, syntax, &path, lost);
    }
}

impl To {
    /// The syntax printed, of a message in another one.
    const fn syntax(self, from: Syntax) -> Syntax {
        match (self, from) {
            (Self::Xml, Syntax::SspXml) | (Self::Ssp, _) => Syntax::SspXml,
            (Self::Xml | Self::Csp, _) => Syntax::CspXml,
            (Self::Wbxml, _) => Syntax::CspWbxml,
            (Self::Pts, _) => Syntax::CspPts,
            (Self::Json, from) => from,
        }
    }
}

fn version(text: &str) -> Result<Version, String> {
    Version::from_digits(text).ok_or_else(|| "expected 1.1, 1.2 or 1.3".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLL: &[u8] = b"<WV-CSP-Message xmlns='http://www.wireless-village.org/CSP1.1'><Session><SessionDescriptor>\
        <SessionType>Inband</SessionType><SessionID>s1</SessionID></SessionDescriptor><Transaction>\
        <TransactionDescriptor><TransactionMode>Request</TransactionMode></TransactionDescriptor>\
        <TransactionContent><Polling-Request/></TransactionContent></Transaction></Session></WV-CSP-Message>";

    fn args(line: &str) -> DecodeArgs {
        use clap::{Args as _, FromArgMatches as _};
        let command = clap::Command::new("postern")
            .version("1")
            .subcommand(DecodeArgs::augment_args(clap::Command::new("decode")));
        let matches = command.propagate_version(true).try_get_matches_from(format!("postern decode {line}").split(' '));
        DecodeArgs::from_arg_matches(matches.unwrap().subcommand().unwrap().1).unwrap()
    }

    fn text(line: &str, body: &[u8]) -> String {
        String::from_utf8(print(&args(line), body).unwrap().bytes).unwrap()
    }

    #[test]
    fn a_message_is_shown_in_every_syntax_and_version() {
        let xml = text("-", POLL);
        assert!(xml.contains("\n      <SessionID>s1</SessionID>\n"), "{xml}");
        let wbxml = print(&args("--to wbxml --version 1.3"), POLL).unwrap().bytes;
        assert_eq!(wbxml[..4], [3, 0x12, 0x6A, 0]);
        assert_eq!(text("--version 1.1 -", &wbxml), text("--version 1.1", POLL));
        let json: serde_json::Value = serde_json::from_str(&text("--json", &wbxml)).unwrap();
        assert_eq!(json["syntax"], "csp-wbxml");
        assert_eq!(json["version"], "1.3");
        assert_eq!(json["root"]["children"][0]["children"][0]["children"][1]["text"], "s1");
    }

    #[test]
    fn a_message_goes_to_the_other_protocol_and_what_is_lost_is_told() {
        let sent = "<WV-CSP-Message xmlns='http://www.openmobilealliance.org/DTD/IMPS-CSP1.3'><Session>\
            <SessionDescriptor><SessionType>Inband</SessionType><SessionID>s1</SessionID></SessionDescriptor>\
            <Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode>\
            <TransactionID>7</TransactionID></TransactionDescriptor><TransactionContent><SendMessage-Request>\
            <DeliveryReport>T</DeliveryReport><MessageInfo><ContentType>text/plain</ContentType><Recipient><User>\
            <UserID>wv:bob@south.example</UserID></User></Recipient><Font><Size>Big</Size></Font></MessageInfo>\
            <ContentData>Hi</ContentData><v:Mood xmlns:v='urn:v'>fine</v:Mood></SendMessage-Request>\
            </TransactionContent></Transaction></Session></WV-CSP-Message>";
        let ssp = print(&args("--to ssp"), sent.as_bytes()).unwrap();
        let root = "/WV-CSP-Message/Session/Transaction/TransactionContent/SendMessage-Request";
        assert_eq!(ssp.lost, [format!("{root}/Mood")]);
        let shown = String::from_utf8(ssp.bytes.clone()).unwrap();
        assert!(shown.contains("<Session sessionID=\"s1\">") && shown.contains("deliveryReport=\"Yes\""), "{shown}");
        let old = print(&args("--to csp --version 1.1"), &ssp.bytes).unwrap();
        assert_eq!(old.lost, [format!("{root}/MessageInfo/Font")]);
        let shown = String::from_utf8(old.bytes).unwrap();
        assert!(shown.contains("<UserID>wv:bob@south.example</UserID>") && shown.contains("CSP1.1"), "{shown}");
    }

    #[test]
    fn plain_text_is_read_in_parts_and_written_where_there_are_codes() {
        let line = text("--to pts --version 1.2", POLL);
        assert_eq!(line, "WV12PO0 SI=s1");
        assert_eq!(text("--version 1.1", line.as_bytes()), text("-", POLL));
        let shown = text("-", b"WV12LG7ac SI=s CL=(wv\nWV12LG7bc :a/x@d,wv:a/y\nWV12LG7cc @d)\n");
        assert!(shown.contains("<ContactList>wv:a/y@d</ContactList>"), "{shown}");
        let shown = text("--to ssp", b"WV13GL7 SI=s");
        assert!(shown.contains("GetListRequest"), "{shown}");
        let error = |line: &str, body: &[u8]| print(&args(line), body).err().unwrap().to_string();
        let known = text("--json", b"WV12SM7 SI=s");
        assert!(known.contains("\"SM\""), "{known}");
        assert_eq!(error("--to pts", b"WV12SM7 SI=s"), "<SM> is no primitive known here, so it can't be converted");
        assert_eq!(error("-", b"WV12LG7ab SI=s"), "part 2 of 2 is missing");
        let stop = String::from_utf8(POLL.to_vec()).unwrap().replace("Polling-Request/", "GetSPInfo-Request/");
        assert_eq!(error("--to pts", stop.as_bytes()), "csp-pts 1.1 has no <GetSPInfo-Request>");
    }

    #[test]
    fn a_malformed_message_is_told_with_its_place() {
        let error = format!("{:#}", print(&args("-"), b"<WV-CSP-Message><Session></WV-CSP-Message>").err().unwrap());
        assert!(error.contains("(byte 25, at /WV-CSP-Message/Session)"), "{error}");
        let error = print(&args("--to ssp"), POLL).err().unwrap();
        assert_eq!(error.to_string(), "ssp-xml 1.1 has no <Polling-Request>");
    }
}

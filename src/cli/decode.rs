//! `postern decode`: any IMPS message, readable.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use postern::syntax::tree::{Syntax, Tree};
use postern::syntax::{Encoding, Limits, Said, csp};
use postern::vocabulary::Version;

/// Show any IMPS message in another syntax.
///
/// Reads CSP in XML or WBXML, or SSP in XML; syntax and version are found out. Exit 1: the message is malformed,
/// with byte offset and element path of the fault.
#[derive(Debug, clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "\
Examples:
  postern decode captured.wbxml
  postern decode --json captured.wbxml | jq '.root.children[0].name'
  curl -s http://127.0.0.1:8080/ --data-binary @poll.wbxml | postern decode
  postern decode --to wbxml --version 1.2 login.xml > login.wbxml"
)]
pub(crate) struct DecodeArgs {
    /// How to print it: XML is indented, WBXML is raw bytes, JSON a tree of elements.
    #[arg(long, value_name = "SYNTAX", value_enum, default_value_t = To::Xml)]
    to: To,
    /// The version to print, if not the message's own. What that version lacks is left out.
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
    Xml,
    Wbxml,
    Json,
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
    let _ = std::io::stdout().lock().write_all(&printed);
    Ok(())
}

fn print(args: &DecodeArgs, body: &[u8]) -> anyhow::Result<Vec<u8>> {
    // Nobody but the caller is hurt by a large file; depth stays bounded.
    let limits = Limits { bytes: 1 << 28, elements: 1 << 24, text: 1 << 28, attributes: 1000, depth: 100 };
    let mut tree = Tree::read(body, &limits)?;
    if let Some(version) = args.version {
        tree = as_version(tree, body, &limits, version)?;
    }
    Ok(match if args.json { To::Json } else { args.to } {
        To::Xml => tree.to_xml(tree.version).into_bytes(),
        To::Wbxml => match tree.to_wbxml(tree.version) {
            Some(bytes) => bytes,
            None => bail!("SSP has no WBXML: print it with --to xml or --to json"),
        },
        To::Json => format!("{:#}\n", tree.to_json()).into_bytes(),
    })
}

/// The message in another version: written anew if all of it is known here, or else with other namespaces only.
fn as_version(mut tree: Tree, body: &[u8], limits: &Limits, version: Version) -> anyhow::Result<Tree> {
    let encoding = match tree.syntax {
        Syntax::CspXml => Encoding::Xml,
        Syntax::CspWbxml => Encoding::Wbxml,
        Syntax::SspXml => {
            tree.version = version;
            return Ok(tree);
        }
    };
    match csp::read(body, encoding, limits, |_| None) {
        Ok(mut message) if message.transactions.iter().all(|t| matches!(t.said, Said::Known(_))) => {
            message.version = version;
            Ok(Tree { syntax: tree.syntax, ..Tree::read(&csp::write(&message, encoding), limits)? })
        }
        _ => {
            tree.version = version;
            Ok(tree)
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

    #[test]
    fn a_message_is_shown_in_every_syntax_and_version() {
        let xml = String::from_utf8(print(&args("-"), POLL).unwrap()).unwrap();
        assert!(xml.contains("\n      <SessionID>s1</SessionID>\n"), "{xml}");
        let wbxml = print(&args("--to wbxml --version 1.3"), POLL).unwrap();
        assert_eq!(wbxml[..4], [3, 0x12, 0x6A, 0]);
        let back = String::from_utf8(print(&args("--version 1.1 -"), &wbxml).unwrap()).unwrap();
        assert_eq!(back, String::from_utf8(print(&args("--version 1.1"), POLL).unwrap()).unwrap());
        let json: serde_json::Value = serde_json::from_slice(&print(&args("--json"), &wbxml).unwrap()).unwrap();
        assert_eq!(json["syntax"], "csp-wbxml");
        assert_eq!(json["version"], "1.3");
        assert_eq!(json["root"]["children"][0]["children"][0]["children"][1]["text"], "s1");
    }

    #[test]
    fn a_malformed_message_is_told_with_its_place() {
        let error = format!("{:#}", print(&args("-"), b"<WV-CSP-Message><Session></WV-CSP-Message>").unwrap_err());
        assert!(error.contains("(byte 25, at /WV-CSP-Message/Session)"), "{error}");
        let error = print(&args("--to wbxml"), b"<WV-SSP-Message/>").unwrap_err();
        assert!(error.to_string().contains("SSP has no WBXML"));
    }
}

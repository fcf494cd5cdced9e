//! Whatever is read from CSP-PTS can be written and read again, and says the same in XML; any of it can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern::syntax::pts::parts;
use postern::syntax::tree::Tree;
use postern::syntax::{Encoding, Limits, Said, csp};

fuzz_target!(|body: &[u8]| {
    let limits = Limits::default();
    if let Ok(tree) = Tree::read(body, &limits) {
        let _ = (tree.to_xml(tree.version), tree.to_wbxml(tree.version), tree.to_json());
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = parts::of_lines(text);
        if let Ok(cut) = parts::split(text, 40)
            && cut.len() > 1
        {
            assert!(parts::join(cut.iter().map(String::as_str)).is_ok());
        }
    }
    let Ok(message) = csp::read(body, Encoding::Pts, &limits, |_| None) else { return };
    if matches!(message.transactions[0].said, Said::Known(_)) {
        let roomy = Limits { bytes: limits.bytes * 8, text: limits.text * 8, ..limits };
        for encoding in [Encoding::Pts, Encoding::Xml] {
            let again = csp::read(&csp::write(&message, encoding), encoding, &roomy, |_| None);
            assert_eq!(again.unwrap().transactions.len(), 1);
        }
    }
});

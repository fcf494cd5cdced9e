//! Whatever is read from CSP-WBXML can be written and read again; any of it can be shown as a tree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern::syntax::tree::Tree;
use postern::syntax::{Encoding, Limits, Said, csp};

fuzz_target!(|body: &[u8]| {
    let limits = Limits::default();
    if let Ok(tree) = Tree::read(body, &limits) {
        let _ = (tree.to_xml(tree.version), tree.to_wbxml(tree.version), tree.to_json());
    }
    let Ok(message) = csp::read(body, Encoding::Wbxml, &limits, |_| None) else { return };
    // What the message's version doesn't have is not written.
    let kept = |said: &Said| matches!(said, Said::Known(p) if p.element().versions().contains(&message.version));
    if message.transactions.iter().all(|transaction| kept(&transaction.said)) {
        let roomy = Limits { bytes: limits.bytes * 8, text: limits.text * 8, elements: limits.elements * 8, ..limits };
        let again = csp::read(&csp::write(&message, Encoding::Wbxml), Encoding::Wbxml, &roomy, |_| None);
        assert_eq!(again.unwrap().transactions.len(), message.transactions.len());
    }
});

//! Whatever is read from CSP-XML can be written in both encodings and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern::syntax::{Encoding, Limits, Said, csp};

fuzz_target!(|body: &[u8]| {
    let limits = Limits::default();
    let Ok(message) = csp::read(body, Encoding::Xml, &limits, |_| None) else { return };
    // What the message's version doesn't have is not written.
    let kept = |said: &Said| matches!(said, Said::Known(p) if p.element().versions().contains(&message.version));
    if message.transactions.iter().all(|transaction| kept(&transaction.said)) {
        // What is written may be longer than what was read: numbers, names and references have short forms.
        let roomy = Limits { bytes: limits.bytes * 8, text: limits.text * 8, elements: limits.elements * 8, ..limits };
        for encoding in [Encoding::Xml, Encoding::Wbxml] {
            let again = csp::read(&csp::write(&message, encoding), encoding, &roomy, |_| None);
            assert_eq!(again.unwrap().transactions.len(), message.transactions.len());
        }
    }
});

//! A fragment that splices is as well-formed in another envelope as in its own.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern::syntax::Limits;
use postern::syntax::ssp::{Body, Part, scan, session_message};

fuzz_target!(|body: &[u8]| {
    let limits = Limits::default();
    let Ok(envelope) = scan(body, &limits) else { return };
    let transactions = match envelope.body {
        Body::Setup(step) => vec![step],
        Body::Session { transactions, .. } => transactions.to_vec(),
    };
    let roomy = Limits { bytes: limits.bytes + 4096, ..limits };
    for transaction in transactions.iter().filter(|transaction| transaction.splices) {
        let part = Part { mode: transaction.mode, id: "1", fragment: transaction.fragment };
        let spliced = session_message(envelope.version, "s", &[part]);
        scan(&spliced, &Limits { depth: limits.depth + 1, elements: limits.elements + 2, ..roomy }).unwrap();
    }
});

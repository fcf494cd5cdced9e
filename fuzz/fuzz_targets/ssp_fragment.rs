//! Whatever is read from a fragment can be written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern::syntax::ssp::{read_fragment, write_fragment};
use postern::syntax::{Limits, Said};
use postern::vocabulary::Version;

fuzz_target!(|fragment: &[u8]| {
    let limits = Limits::default();
    if let Ok((meta, Said::Known(primitive))) = read_fragment(fragment, Version::V13, &limits) {
        let again = write_fragment(meta.as_ref(), &primitive, Version::V13);
        let roomy = Limits { bytes: limits.bytes * 8, text: limits.text * 8, elements: limits.elements * 8, ..limits };
        read_fragment(&again, Version::V13, &roomy).unwrap();
    }
});

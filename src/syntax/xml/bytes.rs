//! What single bytes mean in XML.

static NAMES: [bool; 256] = names();

const fn names() -> [bool; 256] {
    let mut names = [false; 256];
    let mut b = 0;
    while b < 256 {
        let byte = b as u8;
        names[b] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        b += 1;
    }
    names
}

/// Whether a name may begin with the byte. All characters beyond ASCII are taken for letters.
#[inline]
pub(super) const fn is_name_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || matches!(b, b'_' | b':') || b >= 0x80
}

/// Whether the byte may stand in a name and means nothing there: neither a colon nor a part of a character beyond
/// ASCII.
#[inline]
pub(super) fn is_name_byte(b: u8) -> bool {
    NAMES[usize::from(b)]
}

/// The part of a name after its prefix.
#[inline]
pub(in crate::syntax) fn local(name: &str) -> &str {
    match name.bytes().rposition(|b| b == b':') {
        Some(at) => name.get(at + 1..).unwrap_or_default(),
        None => name,
    }
}

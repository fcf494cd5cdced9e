//! What single bytes mean in XML.

/// What a byte means in text or the value of an attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A part of the text.
    Plain,
    /// `<` or `&`.
    Markup,
    /// To be looked at: a return, a bracket, perhaps the begin of U+FFFE or U+FFFF.
    Rare,
    /// A control character.
    Illegal,
}

static CLASSES: [Class; 256] = classes();
static NAMES: [bool; 256] = names();

const fn classes() -> [Class; 256] {
    let mut classes = [Class::Plain; 256];
    let mut b = 0;
    while b < 0x20 {
        classes[b] = Class::Illegal;
        b += 1;
    }
    classes[b'\t' as usize] = Class::Plain;
    classes[b'\n' as usize] = Class::Plain;
    classes[b'\r' as usize] = Class::Rare;
    classes[b']' as usize] = Class::Rare;
    classes[0xEF] = Class::Rare;
    classes[b'<' as usize] = Class::Markup;
    classes[b'&' as usize] = Class::Markup;
    classes
}

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

#[inline]
pub(super) fn class(b: u8) -> Class {
    CLASSES[usize::from(b)]
}

/// How many bytes at the begin of `bytes` are certainly plain, and none of them `quote`: whole groups of eight only.
#[inline]
pub(super) fn plain_groups(bytes: &[u8], quote: u8) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = ONES << 7;
    let holds = |group: u64, b: u8| {
        let zeros = group ^ (ONES * u64::from(b));
        zeros.wrapping_sub(ONES) & !zeros
    };
    let mut length = 0;
    for group in bytes.chunks_exact(8) {
        let Some(group) = group.first_chunk::<8>() else { break };
        let group = u64::from_ne_bytes(*group);
        let below_space = group.wrapping_sub(ONES * 0x20);
        let marked = holds(group, b'<') | holds(group, b'&') | holds(group, b']') | holds(group, quote);
        if (marked | below_space | group) & TOPS != 0 {
            break;
        }
        length += 8;
    }
    length
}

/// Whether the character at a [`Class::Rare`] byte may stand in XML.
pub(super) fn is_legal_at(bytes: &[u8], at: usize) -> bool {
    !matches!(bytes.get(at..at + 3), Some([0xEF, 0xBF, 0xBE | 0xBF]))
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

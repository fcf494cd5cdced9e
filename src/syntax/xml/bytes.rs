//! What single bytes mean in XML.

/// May begin a name.
pub(super) const START: u8 = 1;
/// A colon: ends a prefix.
pub(super) const COLON: u8 = 2;
/// Has no place in a name.
pub(super) const FOREIGN: u8 = 4;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [FOREIGN; 256];
    let mut b = 0;
    while b < 256 {
        classes[b] = match b as u8 {
            // All characters beyond ASCII are taken for letters.
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => START,
            b'0'..=b'9' | b'-' | b'.' => 0,
            b':' => START | COLON,
            _ => FOREIGN,
        };
        b += 1;
    }
    classes
}

/// What a byte means in a name.
#[inline]
pub(super) fn class(b: u8) -> u8 {
    CLASSES[usize::from(b)]
}

/// The white space of XML.
#[inline]
pub(super) const fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}

const fn all(b: u8) -> u64 {
    u64::from_ne_bytes([b; 8])
}

/// The highest bit of each byte that is zero; above the lowest one there may be wrong ones.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(all(0x01)) & !word & all(0x80)
}

/// The highest bit of each byte that is no ASCII letter.
const fn others(word: u64) -> u64 {
    let small = (word & all(0x7F)) | all(0x20);
    let letters = (small + all(0x80 - b'a')) & !(small + all(0x7F - b'z'));
    (!letters | word) & all(0x80)
}

/// Where the first byte stands that `mark` marks by its highest bit: eight bytes at a time, and not in the last few.
#[inline(always)]
fn first(bytes: &[u8], mark: impl Fn(u64) -> u64) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let marked = mark(u64::from_le_bytes(*word));
        if marked != 0 {
            return Some((words.len() - rest.len() - 1) * 8 + marked.trailing_zeros() as usize / 8);
        }
    }
    None
}

/// How many ASCII letters some bytes begin with; `None` if they reach the last few bytes.
#[inline(always)]
pub(super) fn letters(bytes: &[u8]) -> Option<usize> {
    first(bytes, others)
}

/// Where the first `"`, `<` or `&` stands, but for the last few bytes.
#[inline(always)]
pub(super) fn value_end(bytes: &[u8]) -> Option<usize> {
    // The quote is one bit away from `&`, so one comparison finds both.
    first(bytes, |word| zeros((word & !all(b'"' ^ b'&')) ^ all(b'"')) | zeros(word ^ all(b'<')))
}

/// The part of a name after its prefix.
#[inline]
pub(in crate::syntax) fn local(name: &str) -> &str {
    match name.bytes().rposition(|b| b == b':') {
        Some(at) => name.get(at + 1..).unwrap_or_default(),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_eight_bytes_find_what_single_bytes_would() {
        for b in 0..=255 {
            for at in 0..20 {
                let mut bytes = [b'm'; 32];
                bytes[at] = b;
                let other = if b.is_ascii_alphabetic() { None } else { Some(at) };
                assert_eq!(letters(&bytes), other, "{b} at {at}");
                let end = matches!(b, b'"' | b'<' | b'&').then_some(at);
                assert_eq!(value_end(&bytes), end, "{b} at {at}");
                // What stands behind, or a neighbour one bit away, moves nothing.
                bytes[at + 1..].fill(b'=');
                bytes[20] = b'"';
                bytes[..at].fill(b'z');
                assert_eq!(letters(&bytes), Some(other.unwrap_or(at + 1)), "{b} at {at}");
                bytes[..at].fill(b'\'');
                assert_eq!(value_end(&bytes), Some(end.unwrap_or(20)), "{b} at {at}");
            }
        }
        assert_eq!((letters(b"a="), value_end(b"a\"")), (None, None), "the last few bytes are left to others");
    }
}

//! Which characters a client has, by the numbers of its character sets in the IANA registry (docs/wire-notes.md,
//! "Content").

use std::borrow::Cow;

use encoding_rs::Encoding as Charset;

use super::wbxml::charset::Strings;

/// The characters of one set.
enum Repertoire {
    Upto(char),
    Old(&'static Charset),
}

/// A text in which every character that none of the sets has is a `?`. No set stands for all characters, and so does
/// one that is not known here.
pub fn without_foreign<'a>(text: &'a str, sets: &[u32]) -> Cow<'a, str> {
    if text.is_ascii() || sets.is_empty() {
        return Cow::Borrowed(text);
    }
    let Some(sets) = sets.iter().map(|number| Repertoire::of(*number)).collect::<Option<Vec<_>>>() else {
        return Cow::Borrowed(text);
    };
    let has = |c: char| sets.iter().any(|set| set.has(c));
    if text.chars().all(has) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if has(c) { c } else { '?' }).collect())
}

// === impl Repertoire ===

impl Repertoire {
    /// The characters of the set with a number; `None` if that may be any.
    fn of(number: u32) -> Option<Self> {
        match number {
            3 => return Some(Self::Upto('\u{7F}')),
            // The table takes Windows' set for it, which has more.
            4 => return Some(Self::Upto('\u{FF}')),
            1000 => return Some(Self::Upto('\u{FFFF}')),
            _ => {}
        }
        match Strings::new(number) {
            Ok(Strings::Old(charset)) => Some(Self::Old(charset)),
            Ok(Strings::Utf8 | Strings::Wide(_)) | Err(_) => None,
        }
    }

    fn has(&self, c: char) -> bool {
        match self {
            Self::Upto(last) => c <= *last,
            Self::Old(charset) => {
                c.is_ascii() || {
                    let (_, _, replaced) = charset.encode(c.encode_utf8(&mut [0; 4]));
                    !replaced
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_none_of_the_sets_has_is_a_question_mark() {
        let text = "a é ż я € 漢 \u{1F600}";
        for (sets, expected) in [
            (&[3][..], "a ? ? ? ? ? ?"),
            (&[4], "a é ? ? ? ? ?"),
            (&[4, 5], "a é ż ? ? ? ?"),
            (&[111], "a é ? ? € ? ?"),
            (&[2251], "a ? ? я € ? ?"),
            (&[17], "a ? ? я ? 漢 ?"),
            (&[1000], "a é ż я € 漢 ?"),
        ] {
            assert_eq!(without_foreign(text, sets), expected, "{sets:?}");
        }
    }

    #[test]
    fn utf_8_and_what_is_not_known_have_every_character() {
        let text = "ż \u{1F600}";
        for sets in [&[][..], &[106], &[3, 106], &[0], &[99_999], &[1015]] {
            assert!(matches!(without_foreign(text, sets), Cow::Borrowed(same) if same == text), "{sets:?}");
        }
    }
}

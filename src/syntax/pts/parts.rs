//! Messages that are longer than one SMS: cut into parts, and put together again (`docs/wire-notes.md`, "PTS").

use super::grammar::{Part, Preamble};

/// Most parts of a message: a letter names each.
pub const MOST: usize = 26;

/// Why parts make no message, or a message no parts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartsError {
    /// It has no preamble to repeat.
    #[error("{0} is no message")]
    NoMessage(String),
    /// It has no transaction id, by which parts are known to belong together.
    #[error("a message without a transaction id can't be cut into parts")]
    NoId,
    /// It would take more parts than there are letters.
    #[error("the message does not fit into {MOST} parts")]
    TooLong,
    /// Something between parts is none.
    #[error("line {0} is no part of a message")]
    NoPart(usize),
    /// Parts of two messages: another primitive, transaction or number of parts.
    #[error("line {0} is part of another message")]
    Mixed(usize),
    /// A part stands twice, and differs.
    #[error("part {0} occurs twice")]
    Twice(usize),
    /// A part is missing.
    #[error("part {0} of {1} is missing")]
    Missing(usize, usize),
}

/// Cuts a message into parts of at most `most` characters, each with the preamble; one that is short enough stays as
/// it is.
///
/// # Errors
/// [`PartsError::NoMessage`], [`PartsError::NoId`] or [`PartsError::TooLong`].
pub fn split(message: &str, most: usize) -> Result<Vec<String>, PartsError> {
    let (_, end) = Preamble::read(message).map_err(|fault| PartsError::NoMessage(fault.to_string()))?;
    if message.chars().count() <= most {
        return Ok(vec![message.to_owned()]);
    }
    let (head, rest) = message.split_at(end);
    if !head.ends_with(|last: char| last.is_ascii_digit()) {
        return Err(PartsError::NoId);
    }
    let rest: Vec<char> = rest.strip_prefix(' ').unwrap_or(rest).chars().collect();
    // Two letters and a space.
    let room = most.checked_sub(head.len() + 3).filter(|room| *room > 0).ok_or(PartsError::TooLong)?;
    let slices: Vec<&[char]> = rest.chunks(room).collect();
    let last = slices.len().checked_sub(1).and_then(letter).ok_or(PartsError::TooLong)?;
    let part = |(at, slice): (usize, &&[char])| {
        let index = letter(at)?;
        Some(format!("{head}{index}{last} {}", slice.iter().collect::<String>()))
    };
    slices.iter().enumerate().map(part).collect::<Option<_>>().ok_or(PartsError::TooLong)
}

/// Whether a text begins as part of a longer message.
pub fn is_part(text: &str) -> bool {
    part_of(text).is_some()
}

/// The message of which a text holds one part in each line; `None` if it holds no parts.
///
/// # Errors
/// What keeps them from being one whole message.
pub fn of_lines(text: &str) -> Option<Result<String, PartsError>> {
    let lines = || text.lines().map(str::trim_start).filter(|line| !line.is_empty());
    lines().next().filter(|first| is_part(first)).map(|_| join(lines()))
}

/// Puts the parts of one message together, in whatever order they are.
///
/// # Errors
/// What keeps them from being one whole message.
pub fn join<'a>(parts: impl IntoIterator<Item = &'a str>) -> Result<String, PartsError> {
    let mut first: Option<(&str, Part)> = None;
    let mut slices: [Option<&str>; MOST] = [None; MOST];
    for (at, text) in parts.into_iter().enumerate() {
        let (head, part, slice) = part_of(text).ok_or(PartsError::NoPart(at + 1))?;
        let (known, all) = *first.get_or_insert((head, part));
        if !head.eq_ignore_ascii_case(known) || part.last != all.last {
            return Err(PartsError::Mixed(at + 1));
        }
        let index = usize::from(part.index);
        match slices.get_mut(index) {
            Some(Some(there)) if *there != slice => return Err(PartsError::Twice(index + 1)),
            Some(place) => *place = Some(slice),
            None => return Err(PartsError::NoPart(at + 1)),
        }
    }
    let (head, part) = first.ok_or(PartsError::NoPart(1))?;
    let all = usize::from(part.last) + 1;
    let mut message = format!("{head} ");
    for (at, slice) in slices.iter().take(all).enumerate() {
        message.push_str(slice.ok_or(PartsError::Missing(at + 1, all))?);
    }
    Ok(message)
}

/// The preamble without the letters, what the letters say, and the slice.
fn part_of(text: &str) -> Option<(&str, Part, &str)> {
    let (preamble, end) = Preamble::read(text).ok()?;
    let part = preamble.part?;
    let head = text.get(..end.checked_sub(2)?)?;
    let slice = text.get(end..).unwrap_or_default();
    Some((head, part, slice.strip_prefix(' ').unwrap_or(slice)))
}

fn letter(place: usize) -> Option<char> {
    ('a'..='z').nth(place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_was_cut_is_put_together_again(text in "[ -~\u{e9}]{0,300}", most in 20_usize..60, turn in 0_usize..26) {
            let message = format!("WV12LG71 {text}");
            let Ok(mut parts) = split(&message, most) else {
                prop_assert!(message.chars().count() > MOST * (most - 11));
                return Ok(());
            };
            prop_assert!(parts.iter().all(|part| part.chars().count() <= most));
            if parts.len() == 1 {
                prop_assert_eq!(&parts[0], &message);
                return Ok(());
            }
            let length = parts.len();
            parts.rotate_left(turn % length);
            prop_assert_eq!(join(parts.iter().map(String::as_str)).unwrap(), message);
        }
    }

    #[test]
    fn each_part_names_its_place_and_the_last_one() {
        let parts = split("WV12LG7 SI=s CL=(a,b,c)", 17).unwrap();
        assert_eq!(parts, ["WV12LG7ac SI=s CL", "WV12LG7bc =(a,b,c", "WV12LG7cc )"]);
        assert!(is_part(&parts[2]) && !is_part("WV12LG7 SI=s"));
        assert!(matches!(split("WV12LG SI=s CL=(a,b,c)", 17), Err(PartsError::NoId)));
    }

    #[test]
    fn there_are_no_more_parts_than_letters() {
        let long = |length: usize| format!("WV12LG7 {}", "x".repeat(length));
        assert_eq!(split(&long(26 * 10), 20).unwrap().len(), 26);
        assert_eq!(split(&long(26 * 10 + 1), 20), Err(PartsError::TooLong));
        assert_eq!(split(&long(20), 10), Err(PartsError::TooLong));
        assert!(matches!(split("hello", 3), Err(PartsError::NoMessage(_))));
    }

    #[test]
    fn what_is_not_one_whole_message_is_told() {
        let join = |lines: &[&str]| join(lines.iter().copied());
        assert_eq!(join(&["WV12LG7ab SI=", "WV12LG7bb s"]).unwrap(), "WV12LG7 SI=s");
        assert_eq!(join(&["WV12LG7bb s", "wv12lg7AB SI=", "WV12LG7bb s"]).unwrap(), "WV12LG7 SI=s");
        assert_eq!(join(&[]), Err(PartsError::NoPart(1)));
        assert_eq!(join(&["WV12LG7ab SI=", "s"]), Err(PartsError::NoPart(2)));
        assert_eq!(join(&["WV12LG7ab SI=", "WV12LG8bb s"]), Err(PartsError::Mixed(2)));
        assert_eq!(join(&["WV12LG7ab SI=", "WV12LG7bc s"]), Err(PartsError::Mixed(2)));
        assert_eq!(join(&["WV12LG7ab SI=", "WV12LG7ab s"]), Err(PartsError::Twice(1)));
        assert_eq!(join(&["WV12LG7ac SI=", "WV12LG7cc s"]), Err(PartsError::Missing(2, 3)));
    }

    #[test]
    fn a_file_may_hold_a_part_in_each_line() {
        assert_eq!(of_lines("WV12LG7ab SI=a\r\n\nWV12LG7bb b\n"), Some(Ok("WV12LG7 SI=ab".into())));
        assert_eq!(of_lines("WV12LG7ab SI=a\n"), Some(Err(PartsError::Missing(2, 2))));
        assert_eq!(of_lines("WV12LG7 SI=\"a\nb\""), None);
        assert_eq!(of_lines(""), None);
    }
}

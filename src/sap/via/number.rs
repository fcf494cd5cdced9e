//! Telephone numbers as gateways write them in headers: bare, as a URI, or in brackets.

use crate::sap::account::digits;
use crate::vocabulary::Text;

/// The number that headers assert, given by rank: the first header that is a number counts, unless it comes twice
/// and says two things.
pub(super) fn asserted(stated: &[Vec<&str>]) -> Option<Text> {
    for values in stated {
        let mut numbers = values.iter().flat_map(|value| value.split(',')).filter_map(read);
        if let Some(number) = numbers.next() {
            return numbers.all(|other| other == number).then_some(number);
        }
    }
    None
}

/// The digits of a number; `None` if the text is none.
pub(in crate::sap) fn read(text: &str) -> Option<Text> {
    let text = text.trim();
    // `"Name" <tel:…>`, or brackets of other kinds around it all.
    let text = text.split_once('<').map_or(text, |(_, rest)| rest.split('>').next().unwrap_or_default());
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '[' | ']' | '{' | '}'));
    let text = match text.split_once(':') {
        Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_alphabetic()) => rest,
        _ => text,
    };
    let text = text.trim_start_matches('/').split([';', '@', '/', '?']).next().unwrap_or_default();
    let plus = text.get(..3).filter(|start| start.eq_ignore_ascii_case("%2b"));
    let text = plus.map_or(text, |_| &text[3..]);
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
    digits(&plain).map(Text::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_gateways_write_them() {
        for text in [
            "358401234567",
            "+358401234567",
            " +358 40 123-4567 ",
            "tel:+358401234567",
            "TEL:358401234567",
            "tel:+358401234567;phone-context=example.org",
            "<tel:+358401234567>",
            "\"Alice\" <sip:+358401234567@ims.example;user=phone>",
            "[358401234567]",
            "(+358)401234567",
            "sip:358401234567@gw.example",
            "358401234567/TYPE=PLMN@mms.example",
            "358401234567@wap.example",
            "msisdn:358401234567",
            "%2B358401234567",
            "\"358401234567\"",
        ] {
            assert_eq!(read(text).as_deref(), Some("358401234567"), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_number_says_nothing() {
        for text in [
            "",
            "+",
            "12",
            "unknown",
            "1234567890123456",
            "35840x234567",
            "gw1_up.example",
            "<>",
            "++35840123",
            "٣٥٨٤٠",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}

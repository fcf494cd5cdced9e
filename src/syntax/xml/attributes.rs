//! The attributes of a start tag.

use crate::syntax::chars::is_space;
use crate::vocabulary::DecodeError;

/// Goes through the attributes of a tag: names and raw values, strictly as XML wants them.
#[derive(Clone, Debug)]
pub(in crate::syntax) struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Attributes<'a> {
    /// `rest` is what stands between the name of the element and `>` or `/>`.
    pub(in crate::syntax) const fn new(rest: &'a str) -> Self {
        Self { rest }
    }

    fn one(&mut self) -> Result<Option<(&'a str, &'a str)>, DecodeError> {
        let start = self.rest.trim_start_matches(is_space);
        if start.is_empty() {
            return Ok(None);
        }
        if start.len() == self.rest.len() {
            return Err(malformed("no space before an attribute"));
        }
        let length = start.bytes().position(|b| b == b'=' || is_space(char::from(b))).unwrap_or(start.len());
        let (name, rest) = start.split_at(length);
        if !is_name(name) {
            return Err(malformed("an attribute has no proper name"));
        }
        let value = rest.trim_start_matches(is_space).strip_prefix('=');
        let value = value.ok_or_else(|| malformed("an attribute has no value"))?.trim_start_matches(is_space);
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let quote = quote.ok_or_else(|| malformed("the value of an attribute is not quoted"))?;
        let (value, rest) =
            value[1..].split_once(quote).ok_or_else(|| malformed("the value of an attribute has no end"))?;
        if value.contains('<') {
            return Err(malformed("the value of an attribute holds a <"));
        }
        self.rest = rest;
        Ok(Some((name, value)))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(&'a str, &'a str), DecodeError>;
    fn next(&mut self) -> Option<Self::Item> {
        let one = self.one().transpose();
        if matches!(one, Some(Err(_))) {
            self.rest = "";
        }
        one
    }
}

fn malformed(what: &str) -> DecodeError {
    DecodeError::Malformed(what.into())
}

/// Whether a text can name an element or attribute (characters beyond ASCII are all taken for letters).
pub(in crate::syntax) fn is_name(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b':') || b >= 0x80;
    match text.as_bytes() {
        [first, rest @ ..] => {
            letter(*first) && rest.iter().all(|b| letter(*b) || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        }
        [] => false,
    }
}

/// The part of a name after its prefix.
pub(in crate::syntax) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(&str, &str)>, DecodeError> {
        Attributes::new(text).collect()
    }

    #[test]
    fn attributes_are_read() {
        assert_eq!(read("").unwrap(), []);
        assert_eq!(read(" a=\"1\"\n\tw:b = 'x\"y' ").unwrap(), [("a", "1"), ("w:b", "x\"y")]);
    }

    #[test]
    fn broken_attributes_are_refused() {
        for text in [" a", " a=", " a=1", " a=\"1", " a=\"1\"b=\"2\"", " =\"1\"", " 1a=\"1\"", " a=\"<\"", "a=\"1\""] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}

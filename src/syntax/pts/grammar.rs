//! The letters of PTS: preamble, parameters, values (`docs/wire-notes.md`, "PTS").

use std::borrow::Cow;

use crate::syntax::dialect::Told;
use crate::syntax::limits::Meter;
use crate::vocabulary::{DecodeError, Version};

/// Characters that stand only between quotes, beside those that no line holds.
const SPECIAL: &[char] = &[' ', '"', ',', '(', ')', '=', '&'];

/// What stands in front of the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Preamble<'a> {
    /// The version; `None` where the digits are `XX`, which asks for all versions.
    pub(super) version: Option<Told>,
    /// The code of the primitive, as written.
    pub(super) code: &'a str,
    /// The transaction id, if there is one.
    pub(super) id: Option<u16>,
    /// Which part of a longer message this is.
    pub(super) part: Option<Part>,
}

/// A part of a message that was too long for one SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Its place, from 0.
    pub(super) index: u8,
    /// The place of the last one, 25 at most.
    pub(super) last: u8,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Param<'a> {
    /// Byte offset.
    pub(super) at: usize,
    /// The code, as written.
    pub(super) key: &'a str,
    /// The value.
    pub(super) value: Value<'a>,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value<'a> {
    /// Byte offset.
    pub(super) at: usize,
    /// What it holds.
    pub(super) held: Held<'a>,
}

/// What a value holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held<'a> {
    /// Nothing at all, not even quotes.
    Nothing,
    /// Characters, without quotes.
    Text(Cow<'a, str>),
    /// Values between parentheses.
    Group(Vec<Value<'a>>),
}

/// A fault, its byte offset and the parameter it is in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault<'a> {
    pub(super) fault: DecodeError,
    pub(super) at: usize,
    pub(super) key: &'a str,
}

/// Reads a message from left to right.
pub(super) struct Reader<'a, 'm> {
    text: &'a str,
    at: usize,
    key: &'a str,
    meter: &'m mut Meter,
}

// === impl Preamble ===

impl<'a> Preamble<'a> {
    /// Reads the preamble; with the offset behind it.
    pub(super) fn read(text: &'a str) -> Result<(Self, usize), DecodeError> {
        let head = text.split(' ').next().unwrap_or_default();
        let malformed = || DecodeError::Malformed(format!("{:?} begins no message", shortened(head)));
        let letters = |text: &str| text.bytes().all(|b| b.is_ascii_alphabetic());
        if !head.get(..2).is_some_and(|wv| wv.eq_ignore_ascii_case("WV")) {
            return Err(malformed());
        }
        let digits = head.get(2..4).ok_or_else(malformed)?;
        let version = match digits.as_bytes() {
            [b'X' | b'x', b'X' | b'x'] => None,
            [major @ b'0'..=b'9', minor @ b'0'..=b'9'] => Some(told(major - b'0', minor - b'0')),
            _ => return Err(malformed()),
        };
        let code = head.get(4..6).filter(|code| letters(code)).ok_or_else(malformed)?;
        let rest = head.get(6..).unwrap_or_default();
        let (id, rest) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        let id = match id.as_bytes() {
            [] => None,
            [b'0'] | [b'1'..=b'9'] | [b'1'..=b'9', _] | [b'1'..=b'9', _, _] => id.parse().ok(),
            _ => return Err(DecodeError::Malformed(format!("{:?} is no transaction id from 0 to 999", shortened(id)))),
        };
        let part = match rest.as_bytes() {
            [] => None,
            [index, last] if id.is_some() && letters(rest) => {
                let place = |letter: &u8| letter.to_ascii_lowercase() - b'a';
                Some(Part { index: place(index), last: place(last) }).filter(|part| part.index <= part.last)
            }
            _ => None,
        };
        if part.is_none() && !rest.is_empty() {
            return Err(malformed());
        }
        Ok((Self { version, code, id, part }, head.len()))
    }
}

/// Writes a preamble.
pub(super) fn write_preamble(version: Version, code: &str, id: u16) -> String {
    let digits = version.as_str().replace('.', "");
    format!("WV{digits}{code}{id}")
}

fn told(major: u8, minor: u8) -> Told {
    let spoken = Version::from_digits(&format!("{major}.{minor}"));
    spoken.map_or(Told::Foreign(major, minor), Told::Spoken)
}

// === impl Part ===

impl Part {
    /// Whether the message has one part only.
    pub(super) const fn is_whole(self) -> bool {
        self.last == 0
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "part {} of {}", self.index + 1, self.last + 1)
    }
}

// === impl Reader ===

impl<'a, 'm> Reader<'a, 'm> {
    /// Reads the parameters from an offset on.
    pub(super) fn new(text: &'a str, at: usize, meter: &'m mut Meter) -> Self {
        Self { text, at, key: "", meter }
    }

    /// The parameters up to the first fault, and that.
    pub(super) fn run(mut self) -> (Vec<Param<'a>>, Option<Fault<'a>>) {
        let mut params = Vec::new();
        loop {
            match self.param() {
                Ok(Some(param)) => params.push(param),
                Ok(None) => return (params, None),
                Err(fault) => return (params, Some(Fault { fault, at: self.at, key: self.key })),
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next_is(&self, byte: u8) -> bool {
        self.text.as_bytes().get(self.at) == Some(&byte)
    }

    fn param(&mut self) -> Result<Option<Param<'a>>, DecodeError> {
        let rest = self.rest();
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        self.at += spaces;
        self.key = "";
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(None);
        }
        if spaces == 0 {
            return Err(DecodeError::Malformed(format!(
                "{:?} must be quoted",
                rest.chars().next().unwrap_or_default()
            )));
        }
        let at = self.at;
        let key = rest.get(..rest.find(SPECIAL).unwrap_or(rest.len())).unwrap_or_default();
        if key.len() != 2 || !key.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(DecodeError::Malformed(format!("{:?} is no code", shortened(key))));
        }
        self.key = key;
        self.at += key.len();
        if !self.next_is(b'=') {
            return Err(DecodeError::Malformed(format!("{key} has no value")));
        }
        self.at += 1;
        let value = self.value()?;
        Ok(Some(Param { at, key, value }))
    }

    fn value(&mut self) -> Result<Value<'a>, DecodeError> {
        let at = self.at;
        self.meter.open()?;
        let held = match self.rest().bytes().next() {
            Some(b'(') => Held::Group(self.group()?),
            Some(b'"') => Held::Text(self.quoted()?),
            _ => match self.plain()? {
                "" => Held::Nothing,
                text => Held::Text(Cow::Borrowed(text)),
            },
        };
        self.meter.close();
        Ok(Value { at, held })
    }

    fn group(&mut self) -> Result<Vec<Value<'a>>, DecodeError> {
        let mut values = Vec::new();
        loop {
            // An opening parenthesis, or a comma.
            self.at += 1;
            values.push(self.value()?);
            match self.rest().bytes().next() {
                Some(b',') => {}
                Some(b')') => break,
                Some(_) => return Err(DecodeError::Malformed("a group goes on with a comma, or ends".into())),
                None => return Err(DecodeError::Eof),
            }
        }
        self.at += 1;
        // One value that is nothing is no value.
        if let [Value { held: Held::Nothing, .. }] = values.as_slice() {
            values.clear();
        }
        Ok(values)
    }

    fn plain(&mut self) -> Result<&'a str, DecodeError> {
        let rest = self.rest();
        let text = rest.get(..rest.find(SPECIAL).unwrap_or(rest.len())).unwrap_or_default();
        self.meter.text(text.len())?;
        self.at += text.len();
        Ok(text)
    }

    fn quoted(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        let mut all = Cow::Borrowed("");
        loop {
            // The opening quote, or the second one of a pair.
            self.at += 1;
            let rest = self.rest();
            let text = rest.get(..rest.find('"').ok_or(DecodeError::Eof)?).unwrap_or_default();
            self.meter.text(text.len())?;
            match all.is_empty() {
                true => all = Cow::Borrowed(text),
                false => all.to_mut().push_str(text),
            }
            self.at += text.len() + 1;
            if !self.next_is(b'"') {
                return Ok(all);
            }
            self.meter.text(1)?;
            all.to_mut().push('"');
        }
    }
}

// === impl Value ===

impl<'a> Value<'a> {
    /// A text to be written.
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self { at: 0, held: Held::Text(text.into()) }
    }

    /// Nothing to be written.
    pub(super) const fn nothing() -> Self {
        Self { at: 0, held: Held::Nothing }
    }

    /// A group to be written.
    pub(super) const fn group(values: Vec<Self>) -> Self {
        Self { at: 0, held: Held::Group(values) }
    }

    /// Writes it.
    pub(super) fn write(&self, out: &mut String) {
        match &self.held {
            Held::Nothing => {}
            Held::Text(text) => quote(text, out),
            Held::Group(values) => {
                out.push('(');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    value.write(out);
                }
                out.push(')');
            }
        }
    }
}

fn quote(text: &str, out: &mut String) {
    let plain = !text.contains(|c: char| SPECIAL.contains(&c) || c.is_whitespace() || c.is_control());
    if plain && !text.is_empty() {
        out.push_str(text);
        return;
    }
    out.push('"');
    for (at, piece) in text.split('"').enumerate() {
        if at > 0 {
            out.push_str("\"\"");
        }
        out.push_str(piece);
    }
    out.push('"');
}

/// As much of a stranger's text as an answer may repeat.
fn shortened(text: &str) -> String {
    text.chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::syntax::Limits;

    fn read(text: &str) -> (Vec<Param<'_>>, Option<DecodeError>) {
        let (_, at) = Preamble::read(text).unwrap();
        let (params, fault) = Reader::new(text, at, &mut Meter::new(&Limits::default())).run();
        (params, fault.map(|fault| fault.fault))
    }

    fn written(params: &[Param<'_>]) -> String {
        let mut out = write_preamble(Version::V12, "LR", 1);
        for param in params {
            out.push(' ');
            out.push_str(param.key);
            out.push('=');
            param.value.write(&mut out);
        }
        out
    }

    /// A value without its places.
    fn placeless(value: Value<'_>) -> Value<'static> {
        match value.held {
            Held::Nothing => Value::nothing(),
            Held::Text(text) => Value::text(text.into_owned()),
            Held::Group(values) => Value::group(values.into_iter().map(placeless).collect()),
        }
    }

    fn values() -> impl Strategy<Value = Value<'static>> {
        let text = "[ -~\u{e9}\u{20ac}\r\n\"(),=&]{0,12}".prop_map(Value::text);
        prop_oneof![text, Just(Value::nothing())].prop_recursive(4, 24, 5, |inner| {
            let one_nothing = |values: &Vec<Value<'_>>| values.len() == 1 && values[0] == Value::nothing();
            let group = proptest::collection::vec(inner, 0..5).prop_filter("reads as none", move |v| !one_nothing(v));
            group.prop_map(Value::group)
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_again(values in proptest::collection::vec(values(), 0..4)) {
            let params: Vec<_> = values.into_iter().map(|value| Param { at: 0, key: "CA", value }).collect();
            let text = written(&params);
            let (read, fault) = read(&text);
            prop_assert_eq!(fault, None, "{}", &text);
            let read: Vec<_> =
                read.into_iter().map(|p| Param { at: 0, key: p.key, value: placeless(p.value) }).collect();
            prop_assert_eq!(read, params, "{}", text);
        }

        #[test]
        fn whatever_is_read_is_written_alike(text in "( (CA|ui)=[\\(\\),\"a =]{0,12}){0,3}") {
            let text = format!("WV12LR1{text}");
            let (params, fault) = read(&text);
            if fault.is_none() {
                let again = written(&params);
                prop_assert_eq!(written(&read(&again).0), again);
            }
        }
    }

    #[test]
    fn a_preamble_names_version_primitive_and_transaction() {
        let spoken = |version| Some(Told::Spoken(version));
        let of = |text| Preamble::read(text).unwrap().0;
        let whole = Preamble { version: spoken(Version::V12), code: "LR", id: Some(1), part: None };
        assert_eq!(Preamble::read("WV12LR1 UI=a").unwrap(), (whole, 7));
        assert_eq!(of("wv13po0"), Preamble { version: spoken(Version::V13), code: "po", id: Some(0), part: None });
        assert_eq!(of("WV11PO SI=s"), Preamble { version: spoken(Version::V11), code: "PO", id: None, part: None });
        assert_eq!(of("WV14LR999").version, Some(Told::Foreign(1, 4)));
        assert_eq!(of("WVXXLR999").version, None);
        let part = of("WV12LR999bD CA=").part.unwrap();
        assert_eq!((part, part.to_string()), (Part { index: 1, last: 3 }, "part 2 of 4".into()));
        for broken in [
            "",
            "WV",
            "WV1",
            "WV12",
            "WV12L",
            "WV12L1",
            "WV1xLR1",
            "XV12LR1",
            "WV12LR01",
            "WV12LR1000",
            "WV12LR1a",
            "WV12LR1abc",
            "WV12LR1ca",
            "WV12LR1a1",
            "WV12LRab",
            "WV12\u{e9}1",
            "W\u{e9}12LR1",
            " WV12LR1",
        ] {
            assert!(Preamble::read(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn faults_are_told_with_their_place() {
        let fault = |text: &str| {
            let (_, at) = Preamble::read(text).unwrap();
            let mut meter = Meter::new(&Limits::default());
            let (params, fault) = Reader::new(text, at, &mut meter).run();
            let fault = fault.unwrap();
            (params.len(), fault.fault.to_string(), fault.at, fault.key.to_owned())
        };
        let cases = [
            ("WV12LR1 UI=a PW", 1, "malformed: PW has no value", 15, "PW"),
            ("WV12LR1 UI=a PWD=x", 1, "malformed: \"PWD\" is no code", 13, ""),
            ("WV12LR1 UI=a=b", 1, "malformed: '=' must be quoted", 12, ""),
            ("WV12LR1 UI=a&b", 1, "malformed: '&' must be quoted", 12, ""),
            ("WV12LR1 UI=\"a\"b", 1, "malformed: 'b' must be quoted", 14, ""),
            ("WV12LR1 UI=\"a", 0, "the document ends early", 12, "UI"),
            ("WV12LR1 UI=(a,b", 0, "the document ends early", 15, "UI"),
            ("WV12LR1 UI=(a b)", 0, "malformed: a group goes on with a comma, or ends", 13, "UI"),
        ];
        for (text, read, told, at, key) in cases {
            assert_eq!(fault(text), (read, told.into(), at, key.into()), "{text}");
        }
    }
}

//! The attributes of a tag, checked for what `quick-xml` leaves to its users: form, names, references, repetitions
//! (XML 1.0, 3.1).

use std::ops::Range;

use super::bytes::{FOREIGN, START, class, is_space, letters, value_end};
use super::escape::unescape;
use crate::syntax::limits::Meter;
use crate::syntax::stack::Stack;
use crate::vocabulary::DecodeError;

/// An attribute, by the places where its name begins and ends and its value begins and ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attribute {
    name: u32,
    after: u32,
    value: u32,
    end: u32,
}

/// The attributes of the tag read last.
#[derive(Debug)]
pub(super) struct Attributes {
    all: Stack<Attribute, 8>,
    /// A value holds a reference.
    references: bool,
}

// === impl Attribute ===

impl Attribute {
    pub(super) const fn name(&self) -> Range<usize> {
        self.name as usize..self.after as usize
    }

    pub(super) const fn value(&self) -> Range<usize> {
        self.value as usize..self.end as usize
    }
}

// === impl Attributes ===

impl Attributes {
    pub(super) fn new() -> Self {
        Self { all: Stack::new(), references: false }
    }

    #[inline]
    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.references = false;
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = Attribute> {
        self.all.iter()
    }

    /// The attribute with a name, in any spelling.
    #[inline]
    pub(super) fn find(&self, document: &str, name: &str) -> Option<Attribute> {
        let (document, name) = (document.as_bytes(), name.as_bytes());
        let spelled = |at: &Attribute| document.get(at.name()).filter(|spelled| spelled.len() == name.len());
        let exact = |at: &Attribute| spelled(at).is_some_and(|spelled| spelled == name);
        let alike = |at: &Attribute| spelled(at).is_some_and(|spelled| spelled.eq_ignore_ascii_case(name));
        self.all.find(exact).or_else(|| self.all.find(alike))
    }

    /// Whether a value holds a reference.
    pub(super) const fn references(&self) -> bool {
        self.references
    }

    /// Reads what stands between the name of a tag and its end; gives back how many names have a prefix. The
    /// document ends behind the tag, and is no longer than 32 bits can count.
    pub(super) fn read(
        &mut self,
        document: &str,
        mut at: usize,
        end: usize,
        meter: &Meter,
    ) -> Result<usize, DecodeError> {
        let bytes = document.as_bytes();
        let mut prefixes = 0;
        while at < end {
            if !bytes.get(at).is_some_and(|b| is_space(*b)) {
                return Err(malformed("a tag that is none"));
            }
            at += 1;
            let attribute = match usual(bytes, at) {
                Some(usual) => usual,
                None if at < end && bytes.get(at).is_some_and(|b| class(*b) & START != 0) => {
                    let rare = self.rare(document, at)?;
                    prefixes += usize::from(document.get(rare.name()).is_some_and(|name| name.contains(':')));
                    rare
                }
                None => continue,
            };
            at = attribute.end as usize;
            if at >= end {
                return Err(malformed("the value of an attribute has no end"));
            }
            at += 1;
            meter.attributes(self.all.len() + 1)?;
            if self.all.len() > 0 && self.repeats(document, &attribute) {
                return Err(malformed("two attributes have the same name"));
            }
            self.all.push(attribute);
        }
        Ok(prefixes)
    }

    /// Reads an attribute with more than letters in its name, spaces around its `=`, apostrophes for quotes, or
    /// references in its value.
    #[inline(never)]
    fn rare(&mut self, document: &str, name: usize) -> Result<Attribute, DecodeError> {
        let all = document.as_bytes();
        let rest = all.get(name..).unwrap_or_default();
        let after = name + rest.iter().position(|b| class(*b) & FOREIGN != 0).unwrap_or(rest.len());
        let Some(rest) = all.get(after..).unwrap_or_default().trim_ascii_start().strip_prefix(b"=") else {
            return Err(malformed("an attribute has no value"));
        };
        let [quote @ (b'"' | b'\''), rest @ ..] = rest.trim_ascii_start() else {
            return Err(malformed("the value of an attribute is not quoted"));
        };
        let value = all.len() - rest.len();
        let Some(end) = rest.iter().position(|b| b == quote).map(|length| value + length) else {
            return Err(DecodeError::Eof);
        };
        let text = document.get(value..end).unwrap_or_default();
        if text.contains('<') {
            return Err(malformed("the value of an attribute holds a <"));
        }
        if text.contains('&') {
            unescape(text)?;
            self.references = true;
        }
        Ok(Attribute { name: name as u32, after: after as u32, value: value as u32, end: end as u32 })
    }

    /// Whether there is an attribute of the same name already.
    #[inline(never)]
    fn repeats(&self, document: &str, new: &Attribute) -> bool {
        let name = document.get(new.name());
        let same = |at: &Attribute| at.after - at.name == new.after - new.name && document.get(at.name()) == name;
        self.all.find(same).is_some()
    }
}

/// The attribute at a place, if it is written as most are: letters, `=`, and a value in quotes without references.
#[inline(always)]
fn usual(document: &[u8], name: usize) -> Option<Attribute> {
    let rest = document.get(name..)?;
    let letters = letters(rest)?;
    let [b'=', b'"', value @ ..] = rest.get(letters..)? else { return None };
    let length = value_end(value)?;
    if letters == 0 || value.get(length) != Some(&b'"') {
        return None;
    }
    let after = (name + letters) as u32;
    let value = after + 2;
    Some(Attribute { name: name as u32, after, value, end: value + length as u32 })
}

#[cold]
fn malformed(what: &str) -> DecodeError {
    DecodeError::Malformed(what.into())
}

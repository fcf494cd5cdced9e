//! How SSP writes the elements: names, which children become attributes, where characters stand, what is called or
//! nested otherwise (`docs/wire-notes.md`, "SSP names and shapes"). The source and the sink share these tables.

mod common;
mod groups;
mod lists;
mod management;
mod messaging;
mod parts;
mod presence;

use crate::vocabulary::Element;
use crate::vocabulary::names::Index;

/// One element as SSP writes it.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) element: Element,
    /// The name written, then other spellings read.
    pub(super) names: &'static [&'static str],
    /// Children written as attributes: spelling written, other spellings read, child.
    pub(super) attributes: &'static [(&'static [&'static str], Element)],
    /// Children with another shape than their own form.
    pub(super) rules: &'static [Rule],
    pub(super) body: Body,
}

/// What stands between the tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Elements.
    Children,
    /// The element's own characters.
    Text,
    /// Nothing: the element's own characters are this attribute.
    Attribute(&'static str),
    /// The characters of this child.
    TextOf(Element),
    /// Characters, or base64 if the attribute `encoding` is there.
    Data,
    /// `ContentData` alone, which says the type and encoding itself.
    Content,
    /// Everything as CSP writes it.
    Plain,
}

/// The shape of a child in its parent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// The child has this form here.
    Named(&'static Form),
    /// The child has this form here, told from others of the same name by an attribute with a fixed value.
    Marked(&'static Form, &'static str, &'static str),
    /// The child has this form and stands inside an element of one of these names.
    Within(&'static [&'static str], &'static Form),
    /// The child's own children stand in its place. Those listed are put back into one such child when read.
    Spliced(Element, &'static [Element]),
    /// As `Spliced`, but each of those listed is put back into a child of its own.
    Each(Element, &'static [Element]),
    /// SSP has no place for the child.
    Lost(Element),
}

// === impl Form ===

impl Form {
    /// The form of an element.
    pub(super) fn of(element: Element) -> Option<&'static Self> {
        let at = usize::from(*BY_ELEMENT.get(element as usize)?).checked_sub(1)?;
        FORMS.get(at).copied()
    }

    /// The form with a name in any spelling and case.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        let at = BY_NAME.find(name, |at| NAMES[at].0.eq_ignore_ascii_case(name))?;
        FORMS.get(usize::from(NAMES[at].1)).copied()
    }

    /// The name written.
    pub(super) fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// Whether a name is one of its spellings.
    pub(super) fn is_named(&self, name: &str) -> bool {
        is_one_of(self.names, name)
    }

    /// The child that an attribute stands for.
    pub(super) fn child(&self, attribute: &str) -> Option<Element> {
        self.attributes.iter().find(|(names, _)| is_one_of(names, attribute)).map(|(_, child)| *child)
    }

    /// The attribute that stands for a child.
    pub(super) fn attribute(&self, child: Element) -> Option<&'static str> {
        self.attributes.iter().find(|(_, known)| *known == child).and_then(|(names, _)| names.first().copied())
    }

    /// The second spelling of the attribute that stands for a child, which some peers read alone.
    pub(super) fn misspelling(&self, child: Element) -> Option<&'static str> {
        self.attributes.iter().find(|(_, known)| *known == child).and_then(|(names, _)| names.get(1).copied())
    }

    /// The shape of a child, if it is not that of its own form.
    pub(super) fn rule(&self, child: Element) -> Option<&'static Rule> {
        self.rules.iter().find(|rule| rule.child() == child)
    }
}

// === impl Rule ===

impl Rule {
    const fn child(&self) -> Element {
        match self {
            Self::Named(form) | Self::Marked(form, ..) | Self::Within(_, form) => form.element,
            Self::Spliced(child, _) | Self::Each(child, _) | Self::Lost(child) => *child,
        }
    }
}

/// Whether a name is one of several, in whatever case.
pub(super) fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The names of an element on SSP, wherever it stands, those of attributes with `@`: for `docs/elements.md`.
#[cfg(test)]
pub(in crate::syntax) fn names_of(element: Element) -> Vec<String> {
    fn collect(form: &Form, element: Element, names: &mut Vec<String>) {
        if form.element == element {
            names.push(form.name().to_owned());
        }
        names.extend(form.attribute(element).map(|name| format!("@{name}")));
        for rule in form.rules {
            if let Rule::Named(form) | Rule::Marked(form, ..) | Rule::Within(_, form) = rule {
                collect(form, element, names);
            }
        }
    }
    let mut names = Vec::new();
    FORMS.iter().for_each(|form| collect(form, element, &mut names));
    names.sort_unstable();
    names.dedup();
    names
}

/// Lists of CSP that are no elements in SSP: what they hold is repeated.
pub(super) const fn is_transparent(list: Element) -> bool {
    use Element::{
        AnswerOptions, ContactListIdList, MessageInfoList, NotificationTypeList, ReactiveAuthStatusList,
        SystemMessageList, SystemMessageResponseList, UserIdList,
    };
    matches!(
        list,
        AnswerOptions
            | ContactListIdList
            | MessageInfoList
            | NotificationTypeList
            | ReactiveAuthStatusList
            | SystemMessageList
            | SystemMessageResponseList
            | UserIdList
    )
}

/// A form that belongs to one parent.
macro_rules! form {
    (
        $element:ident = [$($name:literal),+]
        $( ( $( [$($attribute:literal),+] = $child:ident ),* $(,)? ) )? $( { $($rule:expr),* $(,)? } )? => $body:expr
    ) => {
        Form {
            element: Element::$element,
            names: &[ $($name),+ ],
            attributes: &[ $( $( (&[ $($attribute),+ ], Element::$child) ),* )? ],
            rules: &[ $( $($rule),* )? ],
            body: $body,
        }
    };
}

/// A table of forms.
macro_rules! forms {
    ($(
        $element:ident = [$($name:literal),+]
        $( ( $( [$($attribute:literal),+] = $child:ident ),* $(,)? ) )? $( { $($rule:expr),* $(,)? } )? => $body:expr;
    )*) => {
        pub(super) const FORMS: &[Form] = &[ $( form!(
            $element = [$($name),+] $( ( $( [$($attribute),+] = $child ),* ) )? $( { $($rule),* } )? => $body
        ) ),* ];
    };
}
use {form, forms};

const TABLES: [&[Form]; 7] =
    [parts::FORMS, management::FORMS, common::FORMS, lists::FORMS, presence::FORMS, messaging::FORMS, groups::FORMS];

const ROWS: usize = rows();
const FORMS: [&Form; ROWS] = flat();
const COUNT: usize = count();
/// Every spelling, and the place of its form.
const NAMES: [(&str, u8); COUNT] = names();
static BY_NAME: Index<1024> = Index::new(&spellings());
static BY_ELEMENT: [u8; Element::ALL.len()] = by_element();

const fn rows() -> usize {
    let (mut at, mut rows) = (0, 0);
    while at < TABLES.len() {
        rows += TABLES[at].len();
        at += 1;
    }
    assert!(rows < 256);
    rows
}

const fn flat() -> [&'static Form; ROWS] {
    let mut forms = [&TABLES[0][0]; ROWS];
    let (mut at, mut table) = (0, 0);
    while table < TABLES.len() {
        let mut row = 0;
        while row < TABLES[table].len() {
            forms[at] = &TABLES[table][row];
            at += 1;
            row += 1;
        }
        table += 1;
    }
    forms
}

const fn count() -> usize {
    let (mut at, mut count) = (0, 0);
    while at < ROWS {
        count += FORMS[at].names.len();
        at += 1;
    }
    count
}

const fn names() -> [(&'static str, u8); COUNT] {
    let mut names = [("", 0); COUNT];
    let (mut at, mut form) = (0, 0);
    while form < ROWS {
        let mut spelling = 0;
        while spelling < FORMS[form].names.len() {
            names[at] = (FORMS[form].names[spelling], form as u8);
            at += 1;
            spelling += 1;
        }
        form += 1;
    }
    names
}

const fn spellings() -> [&'static str; COUNT] {
    let mut spellings = [""; COUNT];
    let mut at = 0;
    while at < COUNT {
        spellings[at] = NAMES[at].0;
        at += 1;
    }
    spellings
}

const fn by_element() -> [u8; Element::ALL.len()] {
    let mut places = [0; Element::ALL.len()];
    let mut at = 0;
    while at < ROWS {
        at += 1;
        places[FORMS[at - 1].element as usize] = at as u8;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_found_by_any_spelling_and_by_element() {
        for form in FORMS {
            assert_eq!(Form::of(form.element).map(|f| f.element), Some(form.element));
            for name in form.names {
                for name in [name.to_string(), name.to_lowercase(), name.to_uppercase()] {
                    assert_eq!(Form::named(&name).map(|f| f.element), Some(form.element), "{name}");
                }
            }
        }
        assert!(Form::named("Polling-Request").is_none());
        assert_eq!(Form::named("MessageInfo").unwrap().child("VALIDLITY"), Some(Element::Validity));
    }
}

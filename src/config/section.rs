//! Sections declared once: the struct, how it is read, and its documentation.

use std::borrow::Cow;

use super::reader::{Reader, Table};

/// A table of a configuration file that is read into a struct.
pub(super) trait Section: Sized {
    /// What may stand in it.
    fn schema() -> Schema;
    /// Reads it; `None` if a key without default is absent or faulty. Every fault is reported.
    fn read(table: &mut Table<'_>, reader: &mut Reader<'_>) -> Option<Self>;
}

/// What may stand in a table.
#[derive(Debug)]
pub(super) struct Schema {
    /// Its name; empty for the keys before the first table.
    pub(super) table: &'static str,
    /// What it is for.
    pub(super) doc: &'static str,
    /// Its keys.
    pub(super) keys: Vec<Key>,
}

/// What may stand under a key.
#[derive(Debug)]
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// What kind of value it takes.
    pub(super) kind: Cow<'static, str>,
    /// Its default as TOML, if it has one.
    pub(super) default: Need,
    /// What it means.
    pub(super) doc: &'static str,
}

/// Whether a key must be given.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// There is no default.
    Must,
    /// Left out, it is this, as TOML; `None`: left out, it is off.
    Default(Option<String>),
}

/// The name of a key: a field whose name is a word of Rust has `_` behind it.
pub(super) const fn key_name(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [name @ .., b'_'] => match std::str::from_utf8(name) {
            Ok(name) => name,
            Err(_) => field,
        },
        _ => field,
    }
}

/// Declares a section. Doc comments are the documentation of `docs/configuration.md`; `as K` names the kind
/// of value where it is not the field's type; `= value` is the default; without one the key must be given.
/// Where every key has a default the struct gets `Default`.
macro_rules! section {
    (
        $(#[doc = $doc:literal])+
        $(#[derive($($derive:path),+)])?
        $vis:vis struct $name:ident = $table:literal {
            $( $(#[doc = $about:literal])+ $field:ident : $ty:ty $(as $kind:ty)? = $default:expr ),+ $(,)?
        }
    ) => {
        section! {
            @ $(#[doc = $doc])+ $(#[derive($($derive),+)])?
            $vis struct $name = $table {
                $( $(#[doc = $about])+ $field : $ty $(as $kind)? = $default ),+
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default ),+ }
            }
        }
    };
    (
        $(#[doc = $doc:literal])+
        $(#[derive($($derive:path),+)])?
        $vis:vis struct $name:ident = $table:literal {
            $( $(#[doc = $about:literal])+ $field:ident : $ty:ty $(as $kind:ty)? $(= $default:expr)? ),+ $(,)?
        }
    ) => {
        section! {
            @ $(#[doc = $doc])+ $(#[derive($($derive),+)])?
            $vis struct $name = $table {
                $( $(#[doc = $about])+ $field : $ty $(as $kind)? $(= $default)? ),+
            }
        }
    };
    (
        @ $(#[doc = $doc:literal])+
        $(#[derive($($derive:path),+)])?
        $vis:vis struct $name:ident = $table:literal {
            $( $(#[doc = $about:literal])+ $field:ident : $ty:ty $(as $kind:ty)? $(= $default:expr)? ),+
        }
    ) => {
        $(#[doc = $doc])+
        $(#[derive($($derive),+)])?
        $vis struct $name {
            $( $(#[doc = $about])+ $vis $field: $ty, )+
        }

        impl $crate::config::section::Section for $name {
            fn schema() -> $crate::config::section::Schema {
                use $crate::config::{kind::Kind, section};
                section::Schema {
                    table: $table,
                    doc: concat!($($doc, "\n"),+),
                    keys: vec![ $( section::Key {
                        name: const { section::key_name(stringify!($field)) },
                        kind: <section!(@kind $ty $(, $kind)?) as Kind>::name(),
                        default: section!(@need $ty $(, $kind)? ; $($default)?),
                        doc: concat!($($about, "\n"),+),
                    } ),+ ],
                }
            }

            fn read(
                table: &mut $crate::config::reader::Table<'_>,
                reader: &mut $crate::config::reader::Reader<'_>,
            ) -> Option<Self> {
                use $crate::config::section;
                $( let $field = table.take::<section!(@kind $ty $(, $kind)?)>(
                    const { section::key_name(stringify!($field)) },
                    section!(@default $($default)?),
                    reader,
                ); )+
                Some(Self { $( $field: $field? ),+ })
            }
        }
    };
    (@kind $ty:ty) => { $ty };
    (@kind $ty:ty, $kind:ty) => { $kind };
    (@default) => { None };
    (@default $default:expr) => { Some($default) };
    (@need $ty:ty $(, $kind:ty)? ;) => { section::Need::Must };
    (@need $ty:ty $(, $kind:ty)? ; $default:expr) => {
        section::Need::Default(<section!(@kind $ty $(, $kind)?) as Kind>::show(&$default))
    };
}
pub(super) use section;

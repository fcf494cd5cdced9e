//! Named properties of groups, contact lists and public profiles.

use super::Text;
use super::record::record;

record! {
    /// A property: a name, and a value unless it is to be deleted or set to its default.
    pub struct Property {
        /// The name; which there are is told where properties stand. Compared without regard to case.
        name: Text = Name,
        /// The value; text, even if it is a number or `T` and `F`.
        value: Option<Text> = Value,
    }

    /// Properties without anything beside them: `ContactListProperties`, `OwnProperties`.
    pub struct Properties {
        /// In the order of the document.
        list: Vec<Property> = Property,
    }
}

// === impl Property ===

impl Property {
    /// A property with a value.
    pub fn new(name: impl Into<Text>, value: impl Into<Text>) -> Self {
        Self { name: name.into(), value: Some(value.into()) }
    }
}

// === impl Properties ===

impl Properties {
    /// The property of that name, in any spelling.
    pub fn get(&self, name: &str) -> Option<&Property> {
        self.list.iter().find(|property| property.name.eq_ignore_ascii_case(name))
    }
}

//! A tree of elements: all the tests know of a message.

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name without prefix.
    pub name: String,
    /// Its attributes, `xmlns` among them.
    pub attrs: Vec<(String, String)>,
    /// Its text, untrimmed.
    pub text: String,
    /// Bytes that stood in place of text (WBXML opaque data that is no number).
    pub bytes: Option<Vec<u8>>,
    /// Its child elements.
    pub children: Vec<Self>,
}

/// An element with children.
pub fn node<const N: usize>(name: &str, children: [Node; N]) -> Node {
    Node { name: name.into(), children: children.into(), ..Node::default() }
}

/// An element with text.
#[allow(clippy::needless_pass_by_value, reason = "numbers and text alike")]
pub fn leaf(name: &str, text: impl ToString) -> Node {
    Node { name: name.into(), text: text.to_string(), ..Node::default() }
}

// === impl Node ===

impl Node {
    /// With one more attribute.
    #[allow(clippy::needless_pass_by_value, reason = "numbers and text alike")]
    pub fn attr(mut self, name: &str, value: impl ToString) -> Self {
        self.attrs.push((name.into(), value.to_string()));
        self
    }

    /// With one more child.
    pub fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// With one more child, if there is one.
    pub fn with_some(mut self, child: Option<Self>) -> Self {
        self.children.extend(child);
        self
    }

    /// With more children.
    pub fn with_all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// The first element at `path` (`A/B/C`, from the children down).
    pub fn find(&self, path: &str) -> Option<&Self> {
        let (head, rest) = path.split_once('/').map_or((path, None), |(head, rest)| (head, Some(rest)));
        let mut named = self.children.iter().filter(|c| c.name == head);
        match rest {
            None => named.next(),
            Some(rest) => named.find_map(|c| c.find(rest)),
        }
    }

    /// Every child with this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> + 'a {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// The trimmed text at `path`.
    pub fn text_at(&self, path: &str) -> Option<&str> {
        self.find(path).map(|n| n.text.trim())
    }

    /// The number at `path`.
    pub fn number_at(&self, path: &str) -> Option<u32> {
        self.text_at(path)?.parse().ok()
    }

    /// The attribute's value.
    pub fn get(&self, attr: &str) -> Option<&str> {
        self.attrs.iter().find(|(name, _)| name == attr).map(|(_, value)| value.as_str())
    }

    /// The first element of this name anywhere below.
    pub fn any(&self, name: &str) -> Option<&Self> {
        self.children.iter().find_map(|c| if c.name == name { Some(c) } else { c.any(name) })
    }
}

#[test]
fn a_path_finds_the_first_element_it_leads_to() {
    let tree = node("a", [node("b", []), node("b", [leaf("c", " 7 ")])]);
    assert_eq!(tree.number_at("b/c"), Some(7));
    assert_eq!(tree.find("b/d"), None);
    assert_eq!(tree.any("c").unwrap().text, " 7 ");
}

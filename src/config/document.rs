//! A TOML file with its line numbers.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::findings::{Findings, Place};

/// A file that was read, and where its lines start.
#[derive(Debug)]
pub(super) struct Document {
    label: String,
    text: String,
    starts: Vec<usize>,
}

/// Where each key of a file stands, for findings after it was read.
#[derive(Debug, Default)]
pub(super) struct Places {
    label: String,
    lines: BTreeMap<String, usize>,
    variables: BTreeMap<String, String>,
}

/// What a file says, as far as it could be read.
pub(super) struct Parsed<'a> {
    /// The outermost table.
    pub(super) root: DeTable<'a>,
    /// Whether some of the file could not be read, so that what is absent may just be lost.
    pub(super) broken: bool,
}

// === impl Document ===

impl Document {
    /// Reads a file. Text that is not UTF-8 is reported and read as far as it goes.
    pub(super) fn open(path: &Path, label: String, findings: &mut Findings) -> Option<Self> {
        match std::fs::read(path) {
            Ok(bytes) => Some(Self::new(&bytes, label, findings)),
            Err(error) => {
                let remedy = match error.kind() {
                    std::io::ErrorKind::NotFound => "make the file, or correct the path",
                    std::io::ErrorKind::PermissionDenied => "let the user that runs postern read it",
                    _ => "see that it is a readable file",
                };
                findings.error(Place { file: label, line: 1 }, format!("the file can't be read ({error})"), remedy);
                None
            }
        }
    }

    /// Takes a file's content.
    pub(super) fn new(bytes: &[u8], label: String, findings: &mut Findings) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let document = Self { label, text, starts };
        if let Err(error) = std::str::from_utf8(bytes) {
            let at = document.place(error.valid_up_to());
            findings.error(at, "a character is not UTF-8", "save the file as UTF-8");
        }
        document
    }

    /// Parses the file, reporting each faulty line once.
    pub(super) fn parse(&self, findings: &mut Findings) -> Parsed<'_> {
        let (root, errors) = DeTable::parse_recoverable(&self.text);
        for error in &errors {
            let at = self.place(error.span().map_or(0, |span| span.start));
            let remedy = if error.message().contains("duplicate") {
                "remove one of the two"
            } else {
                "correct the line; texts stand in double quotes, lists in square brackets"
            };
            findings.unreadable(at, format!("this is no TOML ({})", error.message()), remedy);
        }
        Parsed { root: root.into_inner(), broken: !errors.is_empty() }
    }

    /// The place of a byte offset.
    pub(super) fn place(&self, offset: usize) -> Place {
        Place { file: self.label.clone(), line: self.starts.partition_point(|start| *start <= offset).max(1) }
    }

    /// The first line.
    pub(super) fn top(&self) -> Place {
        self.place(0)
    }

    /// Where each table, key and list element stands: `agreement`, `agreement.provide`, `agreement.provide[0]`.
    pub(super) fn places(&self, root: &DeTable<'_>) -> Places {
        let mut lines = BTreeMap::new();
        self.note_table("", root, &mut lines);
        Places { label: self.label.clone(), lines, variables: BTreeMap::new() }
    }

    fn note_table(&self, prefix: &str, table: &DeTable<'_>, lines: &mut BTreeMap<String, usize>) {
        for (key, value) in table {
            let name =
                if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
            lines.insert(name.clone(), self.place(key.span().start).line);
            self.note_value(&name, value, lines);
        }
    }

    fn note_value(&self, name: &str, value: &Spanned<DeValue<'_>>, lines: &mut BTreeMap<String, usize>) {
        match value.get_ref() {
            DeValue::Table(table) => self.note_table(name, table, lines),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let name = format!("{name}[{index}]");
                    lines.insert(name.clone(), self.place(item.span().start).line);
                    self.note_value(&name, item, lines);
                }
            }
            _ => {}
        }
    }
}

// === impl Places ===

impl Places {
    /// The place of a key, or of the nearest table around it.
    pub(super) fn of(&self, key: &str) -> Place {
        if self.variables.contains_key(key) {
            return Place { file: super::environment::FILE.into(), line: 1 };
        }
        let mut name = key;
        loop {
            if let Some(line) = self.lines.get(name) {
                return Place { file: self.label.clone(), line: *line };
            }
            match name.rfind(['.', '[']) {
                Some(end) => name = &name[..end],
                None => return Place { file: self.label.clone(), line: 1 },
            }
        }
    }

    /// How a key is called in a finding: its name, or that of the variable that set it.
    pub(super) fn name<'a>(&'a self, key: &'a str) -> &'a str {
        self.variables.get(key).map_or(key, String::as_str)
    }

    /// Whether the file or a variable has the key or table.
    pub(super) fn has(&self, key: &str) -> bool {
        self.lines.contains_key(key)
            || self
                .variables
                .keys()
                .any(|k| k.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }

    /// Notes that a variable set a key.
    pub(super) fn set_by(&mut self, key: &str, variable: &str) {
        self.variables.insert(key.to_owned(), variable.to_owned());
    }

    /// The line of each key of the file.
    pub(super) fn into_lines(self) -> BTreeMap<String, usize> {
        self.lines
    }
}

//! Reading a document section by section, so that each fault is reported with its line and nothing stops at
//! the first one.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Document, Parsed, Places};
use super::environment::{self, Environment};
use super::findings::{Findings, Place};
use super::kind::{Form, Kind};
use super::section::{Schema, Section};

type Entries<'a> = BTreeMap<String, (Range<usize>, Spanned<DeValue<'a>>)>;

/// Reads one document.
pub(super) struct Reader<'a> {
    document: &'a Document,
    base: &'a Path,
    environment: Option<&'a Environment>,
    findings: &'a mut Findings,
    root: Entries<'a>,
    places: Places,
    broken: bool,
    schemas: Vec<Schema>,
    unread: Vec<Unread>,
}

/// A table while it is read.
pub(super) struct Table<'a> {
    name: &'static str,
    shown: String,
    at: Place,
    entries: Entries<'a>,
}

/// Where a value stands while it is read, and where its faults go.
pub(super) struct At<'a> {
    document: &'a Document,
    /// Folder to which paths are relative.
    pub(super) base: &'a Path,
    key: String,
    variable: bool,
    findings: &'a mut Findings,
}

struct Unread {
    table: &'static str,
    key: String,
    at: Place,
    is_table: bool,
}

// === impl Reader ===

impl<'a> Reader<'a> {
    /// Begins with a document; `base` is the folder its paths are relative to.
    pub(super) fn new(
        document: &'a Document,
        base: &'a Path,
        environment: Option<&'a Environment>,
        findings: &'a mut Findings,
    ) -> Self {
        let Parsed { root, broken } = document.parse(findings);
        let places = document.places(&root);
        Self {
            document,
            base,
            environment,
            findings,
            root: entries(root),
            places,
            broken,
            schemas: Vec::new(),
            unread: Vec::new(),
        }
    }

    /// Reads a section; one that is absent has its defaults.
    pub(super) fn section<S: Section>(&mut self) -> Option<S> {
        let schema = S::schema();
        let name = schema.table;
        let mut table = Table { name, shown: name.to_owned(), at: self.document.top(), entries: Entries::new() };
        if name.is_empty() {
            for key in &schema.keys {
                if let Some(entry) = self.root.remove_entry(key.name) {
                    table.entries.insert(entry.0, entry.1);
                }
            }
        } else if let Some((span, value)) = self.root.remove(name) {
            table.at = self.document.place(span.start);
            match value.into_inner() {
                DeValue::Table(found) => table.entries = entries(found),
                other => {
                    let what = format!("{name} is {}, not a table", super::kind::found(&other));
                    self.findings.error(table.at.clone(), what, format!("write [{name}] on a line of its own"));
                }
            }
        }
        self.schemas.push(schema);
        self.read(table)
    }

    /// Reads a section that may be absent as a whole.
    pub(super) fn optional<S: Section>(&mut self) -> Option<S> {
        let name = S::schema().table;
        if self.root.contains_key(name) || self.environment.is_some_and(|e| e.touches(name)) {
            return self.section();
        }
        self.schemas.push(S::schema());
        None
    }

    /// Reads every `[[…]]` of a section, with its place; `None` for one with a fault.
    pub(super) fn list<S: Section>(&mut self) -> Vec<(Place, Option<S>)> {
        let schema = S::schema();
        let name = schema.table;
        self.schemas.push(schema);
        let Some((span, value)) = self.root.remove(name) else { return Vec::new() };
        let remedy = format!("write [[{name}]] on a line of its own above each");
        let DeValue::Array(items) = value.into_inner() else {
            self.findings.error(self.document.place(span.start), format!("{name} is no list of tables"), remedy);
            return Vec::new();
        };
        let mut all = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let at = self.document.place(item.span().start);
            let shown = format!("{name}[{index}]");
            match item.into_inner() {
                DeValue::Table(found) => {
                    let table = Table { name, shown, at: at.clone(), entries: entries(found) };
                    let before = self.findings.errors();
                    let section = self.read(table);
                    all.push((at, section.filter(|_| self.findings.errors() == before)));
                }
                other => {
                    let what = format!("{shown} is {}, not a table", super::kind::found(&other));
                    self.findings.error(at, what, remedy.clone());
                }
            }
        }
        all
    }

    /// Reports what nobody asked for, and says where each key stands.
    pub(super) fn finish(mut self) -> Places {
        for (key, (span, value)) in std::mem::take(&mut self.root) {
            let at = self.document.place(span.start);
            let is_table = matches!(value.get_ref(), DeValue::Table(_));
            self.unread.push(Unread { table: "", key, at, is_table });
        }
        for unread in &self.unread {
            let (what, remedy) = unread.report(&self.schemas);
            self.findings.error(unread.at.clone(), what, remedy);
        }
        self.report_variables();
        self.places
    }

    fn read<S: Section>(&mut self, mut table: Table<'a>) -> Option<S> {
        let section = S::read(&mut table, self);
        for (key, (span, value)) in table.entries {
            let at = self.document.place(span.start);
            let is_table = matches!(value.get_ref(), DeValue::Table(_));
            self.unread.push(Unread { table: table.name, key, at, is_table });
        }
        section
    }

    fn report_variables(&mut self) {
        let Some(environment) = self.environment else { return };
        let known: Vec<String> =
            self.schemas.iter().flat_map(|s| s.keys.iter().map(|k| environment::variable(s.table, k.name))).collect();
        for name in environment.sectioned().filter(|name| !known.iter().any(|k| k == name)) {
            let remedy = match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean {near}?"),
                None => "unset it, or name a key of docs/configuration.md".into(),
            };
            let at = Place { file: environment::FILE.into(), line: 1 };
            self.findings.error(at, format!("{name} names no key"), remedy);
        }
    }
}

// === impl Table ===

impl Table<'_> {
    /// Takes a key: from its variable, from the file, or its default; `None` after a fault or if it must be given.
    pub(super) fn take<K: Kind>(
        &mut self,
        key: &'static str,
        default: Option<K::Value>,
        reader: &mut Reader<'_>,
    ) -> Option<K::Value> {
        let shown = if self.shown.is_empty() { key.to_owned() } else { format!("{}.{key}", self.shown) };
        let entry = self.entries.remove(key);
        let variable = reader.environment.map(|e| (e, environment::variable(self.name, key)));
        if let Some((environment, variable)) = variable
            && let Some(text) = environment.get(&variable)
        {
            reader.places.set_by(&shown, &variable);
            let mut at = At {
                document: reader.document,
                base: reader.base,
                key: variable,
                variable: true,
                findings: reader.findings,
            };
            return read_variable::<K>(text, &mut at).or_else(|| default.map(|d| K::rooted(d, reader.base)));
        }
        if let Some((_, value)) = entry {
            let mut at = At {
                document: reader.document,
                base: reader.base,
                key: shown,
                variable: false,
                findings: reader.findings,
            };
            return K::read(&value, &mut at).or_else(|| default.map(|d| K::rooted(d, reader.base)));
        }
        if default.is_none() && !reader.broken {
            let what = format!("{shown} is missing");
            reader.findings.error(self.at.clone(), what, format!("add {key} = {}", K::example()));
        }
        default.map(|d| K::rooted(d, reader.base))
    }
}

fn read_variable<K: Kind>(text: &str, at: &mut At<'_>) -> Option<K::Value> {
    let quoted = |text: &str| Spanned::new(0..0, DeValue::String(text.to_owned().into()));
    match K::form() {
        Form::Text => K::read(&quoted(text), at),
        Form::List if !text.trim_start().starts_with('[') => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            let list = items.map(quoted).collect();
            K::read(&Spanned::new(0..0, DeValue::Array(list)), at)
        }
        Form::Toml | Form::List => {
            let line = format!("value = {text}\n");
            let value = DeTable::parse(&line).ok().and_then(|t| t.into_inner().into_iter().next());
            match value {
                Some((_, value)) => K::read(&value, at),
                None => at.refuse(&quoted(""), format!("is no {}", K::name()), format!("write {}", K::example())),
            }
        }
    }
}

// === impl At ===

impl At<'_> {
    /// Reports a fault of the value, as "KEY WHAT: REMEDY".
    pub(super) fn refuse<T>(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        what: impl AsRef<str>,
        remedy: impl Into<String>,
    ) -> Option<T> {
        let place = if self.variable {
            Place { file: environment::FILE.into(), line: 1 }
        } else {
            self.document.place(value.span().start)
        };
        self.findings.error(place, format!("{} {}", self.key, what.as_ref()), remedy);
        None
    }

    /// Runs with another name for the value in hand: that of a list's element.
    pub(super) fn inside<T>(&mut self, suffix: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.key.len();
        self.key.push_str(suffix);
        let result = read(self);
        self.key.truncate(length);
        result
    }
}

// === impl Unread ===

impl Unread {
    fn report(&self, schemas: &[Schema]) -> (String, String) {
        let Self { table, key, is_table, .. } = self;
        let shown = match (table.is_empty(), is_table) {
            (true, true) => format!("[{key}]"),
            (true, false) => key.clone(),
            (false, _) => format!("{table}.{key}"),
        };
        let what = format!("{} {shown} is unknown", if *is_table { "the table" } else { "the key" });
        let own = schemas.iter().filter(|s| s.table == *table).flat_map(|s| s.keys.iter().map(|k| k.name));
        let tables = schemas.iter().map(|s| s.table).filter(|t| table.is_empty() && !t.is_empty());
        let elsewhere = schemas.iter().find(|s| s.table != *table && s.keys.iter().any(|k| k.name == key));
        let near = if *is_table && table.is_empty() { nearest(key, tables) } else { nearest(key, own) };
        let remedy = match (near, elsewhere) {
            (Some(near), _) if *is_table && table.is_empty() => format!("did you mean [{near}]?"),
            (Some(near), _) => format!("did you mean {near}?"),
            (None, Some(schema)) if schema.table.is_empty() => "it belongs above the first table".into(),
            (None, Some(schema)) => format!("it belongs in [{}]", schema.table),
            (None, None) => "remove it; docs/configuration.md lists what there is".into(),
        };
        (what, remedy)
    }
}

fn entries(table: DeTable<'_>) -> Entries<'_> {
    table.into_iter().map(|(key, value)| (key.get_ref().to_string(), (key.span(), value))).collect()
}

/// The name that was probably meant.
pub(super) fn nearest<'n>(given: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let allowed = 1 + given.chars().count() / 4;
    names
        .map(|name| (distance(&given.to_lowercase(), &name.to_lowercase()), name))
        .min()
        .filter(|(far, _)| *far <= allowed)
        .map(|(_, name)| name)
}

/// How many characters must change, come, go or swap with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<_>>()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let change = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_meant() {
        let names = ["csp", "csp_tls", "ssp", "cir", "admin"];
        for (given, meant) in [("cps", Some("csp")), ("CSP_TLS", Some("csp_tls")), ("amdin", Some("admin"))] {
            assert_eq!(nearest(given, names.into_iter()), meant, "{given}");
        }
        assert_eq!(nearest("telephone", names.into_iter()), None);
    }
}

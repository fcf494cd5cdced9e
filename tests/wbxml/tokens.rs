//! The tokens of `tokens.txt`.

/// One row: a token, what it stands for and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// `tag`, `value`, `prefix` or `public`.
    pub(crate) of: &'static str,
    /// The code page, of tags.
    pub(crate) page: u8,
    pub(crate) token: u8,
    /// The name or text.
    pub(crate) name: &'static str,
    /// `plain`, `boolean`, `integer`, `date` or `binary`, of tags.
    pub(crate) kind: &'static str,
    /// The versions that write it.
    pub(crate) written: Vec<&'static str>,
    /// The versions that read it.
    pub(crate) read: Vec<&'static str>,
}

/// Every row.
pub(crate) fn rows() -> Vec<Row> {
    let lines = include_str!("tokens.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let rows: Vec<Row> = lines.map(row).collect();
    assert!(rows.len() > 600, "only {} tokens", rows.len());
    rows
}

fn row(line: &'static str) -> Row {
    let mut words = line.split_whitespace();
    let mut next = || words.next().unwrap_or_else(|| panic!("{line}"));
    let of = next();
    let page = if of == "tag" { next().parse().unwrap() } else { 0 };
    let token = u8::from_str_radix(next().strip_prefix("0x").unwrap(), 16).unwrap();
    let name = if of == "public" { "" } else { next() };
    let kind = if of == "tag" { next() } else { "" };
    let versions: Vec<&str> = words.collect();
    let written = versions.iter().copied().filter(|version| !version.starts_with('(')).collect();
    let read = versions.iter().map(|version| version.trim_matches(['(', ')'])).collect();
    Row { of, page, token, name, kind, written, read }
}

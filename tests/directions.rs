//! The house rules of `ARCHITECTURE.md` that a compiler does not check: who may import whom, and how long a file gets.

#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms from the ground up; a room may import the rooms of earlier rows, and none of its own row.
const ORDER: &[&[&str]] = &[
    &["ident", "time", "address"],
    &["vocabulary"],
    &["config"],
    &["syntax"],
    &["store", "phone"],
    &["messaging", "relay"],
    &["sap"],
    &["transport", "operate"],
    &["node"],
    &["stage"],
    &["cli"],
];

/// Longest file, lines.
const LONGEST: usize = 600;

/// Tables, which are as long as what they list.
const TABLES: &[&str] = &["vocabulary/element.rs"];

#[test]
fn rooms_import_only_rooms_to_their_left() {
    let mut faults = Vec::new();
    let files = library_files();
    assert!(files.len() > ORDER.len(), "only {} source files found", files.len());
    for (name, text) in &files {
        if name == "lib.rs" {
            continue;
        }
        let module = module_path(name);
        let room = module[0].as_str();
        let Some(rank) = rank(room) else {
            faults.push(format!("{name}: the room `{room}` has no place in the order"));
            continue;
        };
        for imported in imports(text, &module) {
            match self::rank(&imported) {
                _ if imported == room => {}
                Some(other) if other < rank => {}
                Some(_) => faults.push(format!("{name}: `{room}` imports `{imported}`")),
                None => faults.push(format!("{name}: `{imported}` has no place in the order")),
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_file_is_longer_than_one_can_read() {
    let mut all = Vec::new();
    collect(&source(), &mut all);
    let long: Vec<String> = all
        .iter()
        .filter(|(name, _)| !TABLES.contains(&name.as_str()))
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(name, lines)| format!("{name}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "longer than {LONGEST} lines:\n{}", long.join("\n"));
}

#[test]
fn the_headings_that_the_code_names_exist() {
    let notes = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/wire-notes.md")).unwrap();
    let mut files = Vec::new();
    collect(&source(), &mut files);
    let (mut named, mut missing) = (0, Vec::new());
    for (name, text) in &files {
        // The heading may stand on the next line of a comment.
        let text = text.replace("\n//!", "").replace("\n///", "").replace("wire-notes.md`", "wire-notes.md");
        for rest in text.split("docs/wire-notes.md, \"").skip(1) {
            let heading = rest.split('"').next().unwrap_or_default();
            named += 1;
            if !notes.lines().any(|line| line == format!("## {heading}")) {
                missing.push(format!("{name}: docs/wire-notes.md has no heading {heading:?}"));
            }
        }
    }
    assert!(named > 10, "only {named} headings are named");
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn nested_groups_and_climbing_paths_are_seen() {
    let text = r#"
        //! crate::not_in_a_comment
        use crate::{address::{Address, Domain}, store, self as me};
        use crate::relay::{Relay, Turn};
        pub(super) fn f() { let s = "crate::not_in_a_string \" crate::nor_here"; crate::time::now(); super::super::node::start(); }
        mod tests { use super::*; use super::super::view; use super::super::super::cli; }
        fn lives<'a>(c: char) -> bool { c == '"' || c == '\'' } /* crate::nor_here */
        pub use crate::sap::Sap;
    "#;
    let module = ["operate".to_owned(), "api".to_owned()];
    let expected = ["address", "store", "relay", "time", "node", "cli", "sap"];
    assert_eq!(imports(text, &module), expected);
}

fn rank(room: &str) -> Option<usize> {
    ORDER.iter().position(|row| row.contains(&room))
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Files of the library: everything but the binary.
fn library_files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    collect(&source(), &mut files);
    files.retain(|(name, _)| name != "main.rs" && name != "cli.rs" && !name.starts_with("cli/"));
    files
}

fn collect(folder: &Path, into: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(source()).unwrap().to_string_lossy().into_owned();
            into.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// `sap/csp.rs` → `["sap", "csp"]`.
fn module_path(name: &str) -> Vec<String> {
    name.trim_end_matches(".rs").split('/').map(str::to_owned).collect()
}

/// First names below the root of the library that a file's paths go through, in order.
fn imports(text: &str, module: &[String]) -> Vec<String> {
    let tokens = tokens(text);
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let mut found = Vec::new();
    // Braces that are open; those of inline modules make paths one step longer.
    let mut braces = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match word(at) {
            "{" => braces.push(at >= 2 && word(at - 2) == "mod"),
            "}" => drop(braces.pop()),
            "crate" if word(at + 1) == "::" => found.extend(heads(&tokens, at + 2)),
            "super" if word(at + 1) == "::" && (at == 0 || word(at - 1) != "::") => {
                let mut climbed = 0;
                while word(at) == "super" && word(at + 1) == "::" {
                    climbed += 1;
                    at += 2;
                }
                if climbed >= module.len() + braces.iter().filter(|inline| **inline).count() {
                    found.extend(heads(&tokens, at));
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The names that follow `crate::`: one, or those of a group.
fn heads(tokens: &[String], at: usize) -> Vec<String> {
    if tokens.get(at).is_none_or(|t| t != "{") {
        return tokens.get(at).into_iter().filter(|t| is_name(t)).cloned().collect();
    }
    let (mut depth, mut heads) = (0, Vec::new());
    for pair in tokens[at..].windows(2) {
        match pair[0].as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(pair[0].as_str(), "{" | ",") && is_name(&pair[1]) && pair[1] != "self" {
            heads.push(pair[1].clone());
        }
    }
    heads
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Names, `::` and single signs; comments and literals left out.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let starts = |at: usize, what: &str| what.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let (mut at, mut tokens) = (0, Vec::new());
    while at < chars.len() {
        let c = chars[at];
        if starts(at, "//") {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            while at < chars.len() && !starts(at, "*/") {
                at += 1;
            }
            at += 2;
        } else if c == 'r' && (starts(at, "r\"") || starts(at, "r#\"")) {
            let end = if starts(at, "r\"") { "\"" } else { "\"#" };
            at += 1 + end.len();
            while at < chars.len() && !starts(at, end) {
                at += 1;
            }
            at += end.len();
        } else if c == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if c == '\'' {
            // A character, or a lifetime.
            at += if chars.get(at + 1) == Some(&'\\') {
                3 + chars[at + 3..].iter().position(|c| *c == '\'').map_or(0, |p| p + 1)
            } else if chars.get(at + 2) == Some(&'\'') {
                3
            } else {
                1
            };
        } else if c.is_ascii_alphabetic() || c == '_' {
            let from = at;
            while at < chars.len() && (chars[at].is_ascii_alphanumeric() || chars[at] == '_') {
                at += 1;
            }
            tokens.push(chars[from..at].iter().collect());
        } else if starts(at, "::") {
            tokens.push("::".to_owned());
            at += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            at += 1;
        }
    }
    tokens
}

//! `docs/handsets.md`: every test that its tables name exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_book_of_clients_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let book = fs::read_to_string(root.join("docs/handsets.md")).unwrap();
    let names = all_tests();
    let (mut rows, mut missing) = (0, Vec::new());
    for row in book.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what ")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [what, _, tests] = cells[..] else { panic!("not three cells: {row}") };
        rows += 1;
        let named: Vec<&str> = tests.split(',').map(|name| name.trim().trim_matches('`')).collect();
        missing.extend(named.iter().filter(|name| !names.contains(**name)).map(|name| format!("{what}: {name:?}")));
    }
    assert!(rows > 30, "only {rows} rows");
    assert!(missing.is_empty(), "no such test:\n{}", missing.join("\n"));
}

/// The names of all functions that are tests.
pub(crate) fn all_tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    gather(&root.join("tests"), &mut names);
    gather(&root.join("src"), &mut names);
    names
}

fn gather(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for part in text.split("test]\n").skip(1) {
                let name = part.split("fn ").nth(1).and_then(|rest| rest.split('(').next());
                into.extend(name.map(str::to_owned));
            }
        }
    }
}

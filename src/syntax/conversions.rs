//! Every primitive carried from every syntax and version to every other one, and back: what is lost on the way is
//! the table of `docs/conversions.md`, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::convert::Neutral;
use super::tree::Syntax;
use super::{Limits, Said, csp};
use crate::vocabulary::group::notice::GroupChangeNotice;
use crate::vocabulary::group::people::People;
use crate::vocabulary::primitive::{SentBy, sent_by};
use crate::vocabulary::sample::Dice;
use crate::vocabulary::{Mode, Primitive, Version};

/// A syntax and a version of it.
type Form = (Syntax, Version);

/// What is lost, by primitive and way.
type Table = BTreeMap<(String, String), BTreeSet<String>>;

const SYNTAXES: [Syntax; 4] = [Syntax::CspXml, Syntax::CspWbxml, Syntax::CspPts, Syntax::SspXml];

/// Every primitive as it can be said in a form.
fn samples(form: Form, seed: u64, full: bool) -> Vec<Primitive> {
    let mut dice = Dice::new(seed, form.1);
    dice.words = true;
    dice.full = full;
    dice.ssp = form.0 == Syntax::SspXml;
    Primitive::samples(&mut dice).into_iter().filter_map(|said| carried(&said, form).map(|(said, _)| said)).collect()
}

/// What arrives of a primitive in a form, and what was lost; `None` if it has no place there.
fn carried(said: &Primitive, form: Form) -> Option<(Primitive, BTreeSet<String>)> {
    let mode = match sent_by(said.element()) {
        _ if said.element().xml().ends_with("Response") => Mode::Response,
        Some(SentBy::Both) => Mode::Response,
        _ => Mode::Request,
    };
    let transaction = csp::Transaction { mode, id: Some("1".into()), said: Said::Known(said.clone()), segment: None };
    let (bytes, losses) = Neutral::saying(transaction, form.1).written(form.0).ok()?;
    let root = said.element().xml();
    let told = losses.iter().map(ToString::to_string);
    // Of the envelope, only what is said is looked at.
    let lost = told.filter_map(|path| Some(path.split_once(root)?.1.trim_start_matches('/').to_owned()));
    let read = Neutral::read(&bytes, form.0, &Limits::default());
    let read = read.unwrap_or_else(|error| panic!("{form:?}: {error}\n{}", String::from_utf8_lossy(&bytes)));
    let [said] = <[Primitive; 1]>::try_from(read.said()).unwrap();
    Some((said, lost.collect()))
}

/// What changes without being told, each reviewed and on the page.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("GetSegment-Response", "`SegmentContent` is a piece of a document in one syntax, and means nothing in another."),
    (
        "GroupChangeNotice",
        "Of people in lists of names, those known by an address alone come first; who has neither is left out.",
    ),
    (
        "JoinGroup-Response",
        "As `GroupChangeNotice`. The group stands in the names of 1.1; from 1.2 on only the request tells it, so that it doesn't come back.",
    ),
];

/// A primitive without what the exceptions are about.
fn reviewed(mut said: Primitive) -> Primitive {
    match &mut said {
        Primitive::GetSegmentResponse(said) => said.content = None,
        Primitive::JoinGroupResponse(said) => {
            said.group = None;
            orderless(&mut said.joined);
        }
        Primitive::GroupChangeNotice(said) => {
            let GroupChangeNotice { joined, left, joined_blocked, left_blocked, .. } = said;
            [joined, left, joined_blocked, left_blocked].into_iter().for_each(orderless);
        }
        _ => {}
    }
    said
}

fn orderless(people: &mut People) {
    people.retain(|person| person.name.is_some() || person.user.is_some());
    people.sort_by_key(|person| person.name.is_some());
}

/// Carries each primitive from a form to another, which is said to lose no more than what it tells.
fn go(from: Form, to: Form, seed: u64, full: bool, way: &str, table: &mut Table) {
    for said in samples(from, seed, full) {
        let key = (said.element().xml().to_owned(), way.to_owned());
        let Some((there, lost)) = carried(&said, to) else {
            table.entry(key).or_default().insert("all of it".to_owned());
            continue;
        };
        let back = carried(&there, from).map(|(said, lost)| (reviewed(said), lost));
        let (said, there) = (reviewed(said), reviewed(there));
        // PTS puts several things into one word; its own tests list what it tells no more.
        let exact = ![from.0, to.0].contains(&Syntax::CspPts);
        if lost.is_empty() && exact {
            assert_eq!(back, Some((said, BTreeSet::new())), "{way}");
            continue;
        }
        table.entry(key).or_default().extend(lost);
        // What has arrived goes back and forth from now on.
        let (back, lost) = back.unwrap();
        assert_eq!(lost, BTreeSet::new(), "{way}: back");
        let (again, lost) = carried(&back, to).unwrap();
        assert_eq!((reviewed(again), lost), (there, BTreeSet::new()), "{way}: again");
    }
}

/// Every way between two forms that the table tells apart.
fn ways() -> Vec<(Form, Form, String)> {
    let mut ways = Vec::new();
    for (from, to) in SYNTAXES.iter().flat_map(|from| SYNTAXES.map(|to| (*from, to))) {
        for version in Version::ALL {
            if from != to {
                ways.push(((from, version), (to, version), format!("{} to {}", from.as_str(), to.as_str())));
            }
        }
    }
    for (from, to) in Version::ALL.iter().flat_map(|from| Version::ALL.map(|to| (*from, to))) {
        if from != to {
            let way = format!("CSP {from} to {to}");
            ways.push(((Syntax::CspXml, from), (Syntax::CspXml, to), way.clone()));
            ways.push(((Syntax::CspWbxml, from), (Syntax::CspWbxml, to), way));
        }
    }
    ways
}

#[test]
fn what_conversions_lose_is_what_the_docs_say() {
    let mut table = Table::new();
    for (from, to, way) in ways() {
        for seed in 0..4 {
            go(from, to, seed, true, &way, &mut table);
        }
    }
    let page = page(&table);
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/conversions.md");
    if std::env::var_os("REWRITE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "docs/conversions.md is out of date: look at what changes with REWRITE_DOCS=1 cargo test --lib conversions"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4))]
    #[test]
    fn what_has_a_place_goes_there_and_back(seed: u64) {
        for (from, to, way) in ways() {
            go(from, to, seed, false, &way, &mut Table::new());
        }
    }
}

fn page(table: &Table) -> String {
    let mut page = String::from(
        "# What conversions lose\n\n\
         A primitive is the same thing in every syntax and version; Postern reads it into one vocabulary and writes it\n\
         anew. Where the other side has no place for a part of it, that part is left out, and said: to the log, in the\n\
         metric `postern_conversion_losses_total`, and by `postern decode --to …` on standard error.\n\n\
         This page lists everything that can be left out of a primitive. It is made from the code, and a test fails when\n\
         a conversion loses anything that does not stand here. What isn't listed arrives whole, but for PTS, which puts\n\
         several things into one word. Between CSP in XML and in WBXML nothing is lost.\n\n\
         Not listed: parts of the envelope (`MetaInfo`, `Poll`, `SegmentInfo`, transaction ids of PTS), which are told as\n\
         well; and elements of vendors, which are read over, and told by `postern decode` of CSP alone.\n",
    );
    page.push_str("\n## Changed without a word\n\n| primitive | what |\n|---|---|\n");
    for (primitive, what) in EXCEPTIONS {
        let _ = writeln!(page, "| `{primitive}` | {what} |");
    }
    let mut by_way: BTreeMap<&str, Vec<(&str, &BTreeSet<String>)>> = BTreeMap::new();
    for ((primitive, way), lost) in table {
        by_way.entry(way).or_default().push((primitive, lost));
    }
    for (way, rows) in by_way {
        let _ = write!(page, "\n## {way}\n\n| primitive | left out |\n|---|---|\n");
        for (primitive, lost) in rows {
            let lost: Vec<String> =
                lost.iter().map(|lost| format!("`{lost}`").replace("`all of it`", "all of it")).collect();
            let _ = writeln!(page, "| `{primitive}` | {} |", lost.join(", "));
        }
    }
    page
}

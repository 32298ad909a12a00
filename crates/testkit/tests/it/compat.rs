//! The page that tells differences against the list that tests know.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use testkit::compat::REASONS;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/compatibility.md")).expect("the page")
}

#[test]
fn the_page_has_an_entry_for_each_difference_and_no_other() {
    let page = page();
    let headings: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let names: BTreeSet<&str> = REASONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), REASONS.len(), "a name is there twice");
    assert_eq!(headings, names);
}

/// All sources of tests below a folder, as one text.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry of it").path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}

#[test]
fn every_case_of_the_page_is_a_test_and_every_entry_has_one() {
    let page = page();
    let mut text = String::new();
    sources(&root().join("crates"), &mut text);
    let cases: Vec<&str> = page
        .match_indices("(`")
        .filter_map(|(at, open)| page[at + open.len()..].split_once("`)"))
        .map(|(name, _)| name)
        .collect();
    assert!(cases.len() >= REASONS.len(), "{} cases", cases.len());
    for name in cases {
        assert!(
            text.contains(&format!("fn {name}()")),
            "no test is called {name}"
        );
    }
}

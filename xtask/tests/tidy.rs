//! The sizes and names of `CONTRIBUTING.md` hold in every source file.

use xtask::{home::Home, tidy};

#[test]
fn the_sources_are_tidy() {
    let home = Home::discover().expect("the checkout is found");
    let report = tidy::check(home.root()).expect("the sources can be read");
    println!("{report}");
    assert!(
        report.faults.is_empty(),
        "{} faults:\n{}",
        report.faults.len(),
        report.faults.join("\n")
    );
}

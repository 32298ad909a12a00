//! Reads every Rust source and refuses what the conventions refuse: sizes, names, import order,
//! unfinished work. Exceptions are lines of `xtask/tidy.toml`, each with its reason; one that
//! nothing needs any more is a fault too.
//!
//! It looks at text, not at syntax: what needs a parser is clippy's work.

mod exceptions;
mod mend;
mod rules;
mod source;

use std::{collections::BTreeMap, fmt, path::Path};

use anyhow::Result;

use self::{exceptions::Exceptions, source::Source};

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// One line each: place, rule, what to do.
    pub faults: Vec<String>,
    crates: BTreeMap<String, Lines>,
    files: Vec<usize>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Lines {
    code: usize,
    tests: usize,
}

/// Prints the report for the checkout.
///
/// # Errors
/// The sources cannot be read, or there are faults.
pub fn run(root: &Path) -> Result<()> {
    let report = check(root)?;
    println!("{report}");
    anyhow::ensure!(
        report.faults.is_empty(),
        "{} faults:\n{}",
        report.faults.len(),
        report.faults.join("\n")
    );
    Ok(())
}

/// Puts imports in order where they are not; says which files it wrote. Format afterwards.
///
/// # Errors
/// A source cannot be read or written.
pub fn mend(root: &Path) -> Result<Vec<String>> {
    let mut mended = Vec::new();
    for source in Source::all(root)? {
        let file = root.join(&source.path);
        let text = std::fs::read_to_string(&file)?;
        if let Some(better) = mend::imports(&text) {
            std::fs::write(&file, better)?;
            mended.push(source.path);
        }
    }
    Ok(mended)
}

/// Checks all sources below `root`.
///
/// # Errors
/// A source or `xtask/tidy.toml` cannot be read.
pub fn check(root: &Path) -> Result<Report> {
    let mut exceptions = Exceptions::read(&root.join("xtask/tidy.toml"))?;
    let mut report = Report::default();
    for source in Source::all(root)? {
        let lines = report.crates.entry(source.package()).or_default();
        lines.code += source.code_lines();
        lines.tests += source.test_lines();
        if !source.is_test {
            report.files.push(source.code_lines());
        }
        for (rule, line, text) in rules::check(&source) {
            if !exceptions.excuse(rule, &source.path) {
                report
                    .faults
                    .push(format!("{}:{line}: {rule}: {text}", source.path));
            }
        }
    }
    report.files.sort_unstable();
    for (rule, path) in exceptions.unused() {
        report.faults.push(format!(
            "xtask/tidy.toml: {rule}: nothing in {path} needs this line"
        ));
    }
    Ok(report)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: usize = self.crates.values().map(|it| it.code).sum();
        let tests: usize = self.crates.values().map(|it| it.tests).sum();
        writeln!(
            f,
            "{:<24} {:>7} {:>7} {:>6} {:>6}",
            "crate", "code", "tests", "ratio", "share"
        )?;
        let row = |f: &mut fmt::Formatter<'_>, name: &str, code: usize, tests: usize| {
            let ratio = ratio(tests, code);
            writeln!(
                f,
                "{name:<24} {code:>7} {tests:>7} {ratio:>6.2} {:>5.0}%",
                100.0 * self::ratio(code, total)
            )
        };
        for (name, lines) in &self.crates {
            row(f, name, lines.code, lines.tests)?;
        }
        row(f, "all", total, tests)?;
        let at = |share: usize| {
            self.files
                .get(self.files.len() * share / 100)
                .copied()
                .unwrap_or(0)
        };
        write!(
            f,
            "{} files; lines without tests: median {}, p90 {}, longest {}",
            self.files.len(),
            at(50),
            at(90),
            at(100).max(self.files.last().copied().unwrap_or(0))
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "line counts are small")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

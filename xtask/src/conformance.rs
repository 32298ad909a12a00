//! Conformance: how much of the recorded behaviour of the reference is ours, table by table.
//!
//! The crates compare themselves in their own tests, through `testkit::compat`, which prints a line
//! for each function of a table; here the lines are added up. A function of a table that nobody
//! checks is listed, so that none is forgotten. `QUINTET_COMPAT_DIR` names another folder of rows.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{home::Home, progress::Progress};

/// Crates whose tests compare them with recorded tables, and which of their tests.
const CRATES: &[(&str, &str)] = &[
    ("model", "names::"),
    ("expr", ""),
    ("compile", ""),
    ("authz", ""),
];

/// Tables of whose functions none is to be forgotten.
const TABLES: &[&str] = &[
    "authz",
    "component-context",
    "component-pipeline",
    "component-renderer",
    "component-trait",
    "connections",
    "endpoint-schema",
    "endpoints",
    "golden-components",
    "golden-endpoints",
    "golden-networkpolicies",
    "golden-projects",
    "golden-resources",
    "golden-workflows",
    "names",
    "networkpolicy",
    "patch",
    "project-pipeline",
    "release-build",
    "resource-pipeline",
    "schema",
    "template",
    "template-scan",
    "validation",
    "workflow-pipeline",
];

/// What came of a function of a table.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
    differences: usize,
}

/// What the tests said.
#[derive(Debug, Default)]
pub struct Heard {
    functions: BTreeMap<(String, String), Count>,
    left_out: BTreeMap<(String, String), String>,
    differences: BTreeMap<String, Vec<String>>,
    faults: Vec<String>,
}

/// Runs the comparisons and prints them.
///
/// # Errors
/// The tests do not build, or something differs that should not.
pub fn run(home: &Home) -> Result<()> {
    let folder = match env::var_os("QUINTET_COMPAT_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => home.root().join("../shared/compat"),
    };
    let mut heard = Heard::default();
    let (said, green) = tests(home)?;
    for line in said.lines() {
        heard.hear(line);
    }
    let unchecked = heard.unchecked(&folder.join("render"))?;
    print!("{heard}");
    for (table, function, rows) in &unchecked {
        println!("nobody checks {table} {function}, {rows} rows");
    }
    let total = heard.total();
    println!(
        "{} passed, {} failed, {} differences",
        total.passed, total.failed, total.differences
    );
    if total.failed > 0 || !green {
        bail!("not as the reference: {}", tail(&said));
    }
    if total.passed == 0 {
        bail!("no row in {}", folder.display());
    }
    Ok(())
}

/// What the tests print, and whether all of them passed.
fn tests(home: &Home) -> Result<(String, bool)> {
    let progress = Progress::start();
    let (mut said, mut green) = (String::new(), true);
    for (name, tests) in CRATES {
        progress.line(&format!("tests of {name} that compare"));
        let mut cargo: Command = home.cargo();
        cargo.args(["test", "--no-fail-fast", "--lib", "--test", "it"]);
        cargo.args(["--package", name, "--", "--nocapture", tests]);
        let output = cargo
            .stderr(Stdio::piped())
            .output()
            .context("cargo test")?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            green = false;
            eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        }
        said.push_str(&stdout);
    }
    Ok((said, green))
}

/// The tests that failed, for an error.
fn tail(said: &str) -> String {
    let failed: BTreeSet<&str> = said
        .lines()
        .filter(|line| line.starts_with("test ") && line.ends_with("FAILED"))
        .collect();
    failed.into_iter().collect::<Vec<_>>().join(", ")
}

impl Heard {
    /// Takes a line of a test.
    pub fn hear(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("conformance") => self.hear_count(&words.collect::<Vec<_>>()),
            Some("left-out") => {
                let (table, function) = (words.next(), words.next());
                let (Some(table), Some(function)) = (table, function) else {
                    return;
                };
                let reason = words.collect::<Vec<_>>().join(" ");
                self.left_out
                    .insert((table.to_owned(), function.to_owned()), reason);
            }
            Some("difference") => {
                let (Some(_), Some(name)) = (words.next(), words.next()) else {
                    return;
                };
                let id = words.collect::<Vec<_>>().join(" ");
                self.differences
                    .entry(name.to_owned())
                    .or_default()
                    .push(id);
            }
            _ => {}
        }
    }

    fn hear_count(&mut self, words: &[&str]) {
        let [table, function, numbers @ ..] = words else {
            return;
        };
        let numbers: Vec<usize> = numbers
            .iter()
            .filter_map(|word| word.parse().ok())
            .collect();
        let [passed, failed, differences] = numbers[..] else {
            return;
        };
        let count = Count {
            passed,
            failed,
            differences,
        };
        let key = ((*table).to_owned(), (*function).to_owned());
        if self.functions.insert(key, count).is_some() {
            self.faults
                .push(format!("{table} {function} is checked twice"));
        }
    }

    fn total(&self) -> Count {
        sum(self.functions.values())
    }

    /// Functions of the tables in `folder` that no test checks or leaves out, with their rows.
    fn unchecked(&self, folder: &Path) -> Result<Vec<(String, String, usize)>> {
        let mut unchecked = Vec::new();
        for table in TABLES {
            let file = format!("{table}.jsonl");
            let path = folder.join(&file);
            if !path.exists() {
                continue;
            }
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let mut rows: BTreeMap<String, usize> = BTreeMap::new();
            for line in text.lines() {
                let row: Value = serde_json::from_str(line).with_context(|| file.clone())?;
                let function = row["fn"].as_str().unwrap_or_default();
                *rows.entry(function.to_owned()).or_default() += 1;
            }
            for (function, rows) in rows {
                let key = (file.clone(), function.clone());
                if !self.functions.contains_key(&key) && !self.left_out.contains_key(&key) {
                    unchecked.push((file.clone(), function, rows));
                }
            }
        }
        Ok(unchecked)
    }
}

fn sum<'a>(counts: impl Iterator<Item = &'a Count>) -> Count {
    counts.fold(Count::default(), |sum, count| Count {
        passed: sum.passed + count.passed,
        failed: sum.failed + count.failed,
        differences: sum.differences + count.differences,
    })
}

impl std::fmt::Display for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tables: BTreeSet<&String> = self.functions.keys().map(|(table, _)| table).collect();
        for table in tables {
            let own = self
                .functions
                .iter()
                .filter(|((known, _), _)| known == table);
            let sum = sum(own.clone().map(|(_, count)| count));
            let total = sum.passed + sum.failed + sum.differences;
            writeln!(
                f,
                "{table:<32} {:>5}/{total:<5} {:>3} differences",
                sum.passed, sum.differences
            )?;
            for ((_, function), count) in own.filter(|(_, count)| count.failed > 0) {
                writeln!(f, "    {function}: {} failed", count.failed)?;
            }
        }
        for ((table, function), reason) in &self.left_out {
            writeln!(f, "left out: {table} {function}: {reason}")?;
        }
        for (name, ids) in &self.differences {
            writeln!(f, "difference {name}: {}", ids.join(", "))?;
        }
        for fault in &self.faults {
            writeln!(f, "{fault}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_tests_are_added_up() {
        let mut heard = Heard::default();
        for line in [
            "running 3 tests",
            "conformance patch.jsonl patch.ApplyPatches 45 1 8",
            "difference patch.jsonl many-removed patch.ApplyPatches|a b",
            "conformance patch.jsonl patch.expandPaths 12 0 0",
            "left-out names.jsonl f nothing carries it",
            "test patches ... ok",
        ] {
            heard.hear(line);
        }
        let expected = Count {
            passed: 57,
            failed: 1,
            differences: 8,
        };
        assert_eq!(heard.total(), expected);
        let text = heard.to_string();
        assert!(text.contains("patch.ApplyPatches: 1 failed"), "{text}");
        assert!(
            text.contains("difference many-removed: patch.ApplyPatches|a b"),
            "{text}"
        );
    }

    #[test]
    fn a_function_is_checked_once() {
        let mut heard = Heard::default();
        heard.hear("conformance a.jsonl f 1 0 0");
        heard.hear("conformance a.jsonl f 1 0 0");
        assert_eq!(heard.faults, ["a.jsonl f is checked twice"]);
    }
}

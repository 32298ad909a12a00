//! The recorded cases of cel-spec, and the count of those that agree.

use std::path::PathBuf;

use serde_json::Value as Json;

/// A table of `compat/cel`.
pub(crate) fn table(name: &str) -> Json {
    let folder = std::env::var_os("QUINTET_COMPAT_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/compat"),
        PathBuf::from,
    );
    let path = folder.join("cel").join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Every case of these tables, with a name.
pub(crate) fn cases(tables: &[&str]) -> Vec<(String, Json)> {
    let mut all = Vec::new();
    for name in tables {
        gather(&table(&format!("spec-{name}.json")), "", &mut all);
    }
    all
}

fn gather(suite: &Json, above: &str, all: &mut Vec<(String, Json)>) {
    let path = format!("{above}{}", suite["name"].as_str().unwrap());
    for (index, case) in suite["tests"].as_array().into_iter().flatten().enumerate() {
        let name = match case["original"]["name"].as_str() {
            Some(name) => name.to_owned(),
            None => index.to_string(),
        };
        all.push((format!("{path}/{name}"), case.clone()));
    }
    for inner in suite["suites"].as_array().into_iter().flatten() {
        gather(inner, &format!("{path}/"), all);
    }
}

/// How many cases agree.
pub(crate) struct Tally {
    what: &'static str,
    /// Cases that are known not to agree, each with its reason.
    misses: &'static [(&'static str, &'static str)],
    missed: usize,
    passed: usize,
    skipped: usize,
    faults: Vec<String>,
}

impl Tally {
    pub(crate) const fn new(
        what: &'static str,
        misses: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            what,
            misses,
            missed: 0,
            passed: 0,
            skipped: 0,
            faults: Vec::new(),
        }
    }

    /// A case about what the engine does not have.
    pub(crate) const fn skip(&mut self) {
        self.skipped += 1;
    }

    pub(crate) fn check(&mut self, id: &str, source: &str, outcome: Result<(), String>) {
        let miss = self.misses.iter().find(|(known, _)| id == *known);
        match (outcome, miss) {
            (Ok(()), None) => self.passed += 1,
            (Err(_), Some((_, reason))) => {
                println!("{id}: {reason}");
                self.missed += 1;
            }
            (Ok(()), Some(_)) => self.faults.push(format!("{id}: is no miss any more")),
            (Err(reason), None) => self.faults.push(format!("{id}: {source}\n    {reason}")),
        }
    }

    /// Prints the count.
    ///
    /// # Panics
    /// When a case does not agree.
    pub(crate) fn finish(self) {
        let failed = self.faults.len();
        println!(
            "conformance cel {} {} {failed} {} ({} do not apply)",
            self.what, self.passed, self.missed, self.skipped
        );
        assert!(
            failed == 0,
            "{failed} cases differ:\n{}",
            self.faults.join("\n")
        );
    }
}

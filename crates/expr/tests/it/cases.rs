//! The recorded cases of cel-spec, and the count of those that agree.

use serde_json::Value as Json;
use testkit::compat::{Count, cel};

/// Every case of these tables, with a name.
pub(crate) fn cases(tables: &[&str]) -> Vec<(String, Json)> {
    let mut all = Vec::new();
    for name in tables {
        gather(&cel(&format!("spec-{name}.json")), "", &mut all);
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

/// How many cases agree. These tables are whole wherever they are read, so that a case has one name.
pub(crate) struct Tally {
    /// Cases that are known not to agree, each with the name of its reason.
    misses: &'static [(&'static str, &'static str)],
    skipped: usize,
    count: Count<'static>,
}

impl Tally {
    pub(crate) const fn new(
        what: &'static str,
        misses: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            misses,
            skipped: 0,
            count: Count::new("cel", what),
        }
    }

    /// A case about what the engine does not have.
    pub(crate) const fn skip(&mut self) {
        self.skipped += 1;
    }

    pub(crate) fn check(&mut self, id: &str, source: &str, outcome: Result<(), String>) {
        let miss = self.misses.iter().find(|(known, _)| id == *known);
        let outcome = outcome.map_err(|reason| format!("{source}\n    {reason}"));
        self.count.add(id, miss.map(|(_, name)| *name), outcome);
    }

    /// Prints the count.
    ///
    /// # Panics
    /// When a case does not agree.
    pub(crate) fn finish(self) {
        println!(
            "\n{} cases are about what the engine does not have",
            self.skipped
        );
        self.count.finish();
    }
}

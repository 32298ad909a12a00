//! The recorded behaviour of the reference, and how a test compares ours with it.
//!
//! A [`Table`] is one function of one file of `render/`. Checking it prints one line for
//! `cargo xtask conformance` before it asserts. Where we differ on purpose a [`Difference`] recognises
//! the row by what it says, never by its id, since the rows are only a part of all there are; it has an
//! entry in `docs/compatibility.md`, and a row that it recognises must really differ.

#![expect(
    clippy::print_stdout,
    reason = "the conformance command reads the counts"
)]

mod differences;

use std::path::PathBuf;

use serde_json::Value;

pub use differences::REASONS;

/// The folder of recorded behaviour: `QUINTET_COMPAT_DIR`, or the one beside the project.
#[must_use]
pub fn folder() -> PathBuf {
    match std::env::var_os("QUINTET_COMPAT_DIR") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/compat"),
    }
}

/// Whether it is the one beside the project, which also has what is not a table.
#[must_use]
pub fn is_usual() -> bool {
    std::env::var_os("QUINTET_COMPAT_DIR").is_none()
}

/// The text of a file of that folder.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn read(path: &str) -> String {
    let path = folder().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of `cel/`.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn cel(name: &str) -> Value {
    parse(&read(&format!("cel/{name}")))
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Every row of a table of `render/`. Another folder need not have every table.
#[must_use]
pub fn all_rows(file: &str) -> Vec<Value> {
    let path = format!("render/{file}");
    if !is_usual() && !folder().join(&path).exists() {
        return Vec::new();
    }
    read(&path).lines().map(parse).collect()
}

/// The rows of a table of `render/` whose function has this name.
#[must_use]
pub fn rows(file: &str, function: &str) -> Vec<Value> {
    let mut rows = all_rows(file);
    rows.retain(|row| row["fn"] == function);
    rows
}

/// What `{"$shared": key}` stands for, everywhere in a row.
pub fn expand_shared(value: &mut Value) {
    expand(value, &parse(&read("render/shared-objects.json")));
}

fn expand(value: &mut Value, shared: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(key) = map.get("$shared").and_then(Value::as_str) {
                *value = shared[key].clone();
                return expand(value, shared);
            }
            map.values_mut().for_each(|child| expand(child, shared));
        }
        Value::Array(items) => items.iter_mut().for_each(|child| expand(child, shared)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Rows in which we differ from the reference on purpose.
#[derive(Debug, Clone, Copy)]
pub struct Difference {
    /// Its entry in [`REASONS`] and in `docs/compatibility.md`.
    pub name: &'static str,
    /// Whether a row shows it. Says so by the row's input and outcome.
    pub shows: fn(&Value) -> bool,
}

/// What the reference's program checks of its own calls: nil pointers, names that callers always give,
/// objects of another Go type, numbers that JSON does not have.
pub const PROGRAM_ONLY: Difference = Difference {
    name: "program-only",
    shows: |row| {
        let message = row["error"]["message"].as_str().unwrap_or_default();
        let wide = || {
            let value = row["input"]["value"].as_f64();
            let text = row["output"]["result"].as_str().unwrap_or_default();
            value.is_some_and(|value| {
                text.parse::<f32>()
                    .is_ok_and(|narrow| f64::from(narrow) == value)
                    && text.parse::<f64>().is_ok_and(|read| read != value)
            })
        };
        let nil = message.starts_with("invalid input: ")
            && (message.ends_with(" is nil") || message.ends_with(" is required"));
        nil || message.starts_with("expected a ") && message.contains("object")
            || message.starts_with("input.Metadata.") && message.ends_with(" is empty")
            || message.contains("Error:Field validation for '")
            || wide()
    },
};

/// One function of a table.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    file: &'a str,
    function: &'a str,
    differences: &'a [Difference],
}

impl<'a> Table<'a> {
    /// The rows of `function` in the file of this name.
    #[must_use]
    pub const fn of(file: &'a str, function: &'a str) -> Self {
        Self {
            file,
            function,
            differences: &[],
        }
    }

    /// The same, where some rows differ on purpose.
    #[must_use]
    pub const fn but(self, differences: &'a [Difference]) -> Self {
        Self {
            differences,
            ..self
        }
    }

    /// Runs `check` on every row.
    ///
    /// # Panics
    /// With every row that differs and should not, or should and does not.
    pub fn check(&self, check: impl Fn(&Value) -> Result<(), String>) {
        let mut count = Count::new(self.file, self.function);
        for row in rows(self.file, self.function) {
            let shown = self.differences.iter().find(|known| (known.shows)(&row));
            let id = row["id"].as_str().unwrap_or_default();
            count.add(id, shown.map(|known| known.name), check(&row));
        }
        count.finish();
    }
}

/// Says that no test checks a function, since only the reference's own program has what it is about.
///
/// Nothing that a user sees may be left out.
pub fn leave_out(file: &str, function: &str, reason: &str) {
    println!("\nleft-out {file} {function} {reason}");
}

/// What came of the rows of one function of a table; tables of other forms count by hand.
#[derive(Debug)]
pub struct Count<'a> {
    file: &'a str,
    function: &'a str,
    passed: usize,
    differences: usize,
    faults: Vec<String>,
}

impl<'a> Count<'a> {
    /// Nothing yet.
    #[must_use]
    pub const fn new(file: &'a str, function: &'a str) -> Self {
        Self {
            file,
            function,
            passed: 0,
            differences: 0,
            faults: Vec::new(),
        }
    }

    /// How many agreed or differ on purpose.
    #[must_use]
    pub const fn good(&self) -> usize {
        self.passed + self.differences
    }

    /// Counts a row: what the comparison said, and the difference that the row is known to show.
    ///
    /// # Panics
    /// When the difference has no reason.
    pub fn add(&mut self, id: &str, difference: Option<&'static str>, outcome: Result<(), String>) {
        match (outcome, difference) {
            (Ok(()), None) => self.passed += 1,
            (Err(fault), None) => self.faults.push(format!("{id}: {fault}")),
            (Ok(()), Some(name)) => self
                .faults
                .push(format!("{id}: should show {name}, and does not differ")),
            (Err(_), Some(name)) => {
                let known = REASONS.iter().any(|(known, _)| *known == name);
                assert!(known, "{name} has no reason");
                println!("\ndifference {} {name} {id}", self.file);
                self.differences += 1;
            }
        }
    }

    /// Prints the counts.
    ///
    /// # Panics
    /// When something failed.
    pub fn finish(self) {
        let Self {
            file,
            function,
            passed,
            differences,
            faults,
        } = self;
        println!(
            "\nconformance {file} {function} {passed} {} {differences}",
            faults.len()
        );
        assert!(
            faults.is_empty(),
            "{file} {function}: {} differ:\n{}",
            faults.len(),
            faults.join("\n")
        );
    }
}

/// Equality as the tables mean it: numbers by value, null and absent alike.
#[must_use]
pub fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            let keys = left.keys().chain(right.keys());
            keys.into_iter().all(|key| {
                same(
                    left.get(key).unwrap_or(&Value::Null),
                    right.get(key).unwrap_or(&Value::Null),
                )
            })
        }
        (left, right) => left == right,
    }
}

/// The value without nulls, empty lists and empty maps, which documents leave out.
#[must_use]
pub fn without_empty(value: &Value) -> Value {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, entry)| (key.clone(), without_empty(entry)))
            .filter(|(_, entry)| !empty(entry))
            .collect(),
        Value::Array(items) => items.iter().map(without_empty).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Compares with what a table expects.
///
/// # Errors
/// Both, when they are not the [`same`].
pub fn agree(own: &Value, expected: &Value) -> Result<(), String> {
    if same(own, expected) {
        Ok(())
    } else {
        Err(format!("\n     {own}\n not {expected}"))
    }
}

/// Compares a result with the result or the error of a row.
///
/// # Errors
/// They differ: see [`agree`] and [`says`].
pub fn outcome(own: Result<Value, String>, row: &Value) -> Result<(), String> {
    match (own, row["error"]["message"].as_str()) {
        (Ok(own), None) => agree(&own, result(row)),
        (Ok(own), Some(expected)) => Err(format!("{own}\n     should fail with {expected}")),
        (Err(own), expected) => says(&own, expected),
    }
}

/// The result of a row, whether or not it has a name.
#[must_use]
pub fn result(row: &Value) -> &Value {
    row["output"].get("result").unwrap_or(&row["output"])
}

/// Whether a failure says what the reference says, up to where a library of the reference speaks.
///
/// # Errors
/// Both, when they differ.
pub fn says(own: &str, expected: Option<&str>) -> Result<(), String> {
    let Some(expected) = expected else {
        return Err(own.to_owned());
    };
    let words = match expected
        .find("CEL compilation error")
        .or(expected.find("CEL evaluation error"))
    {
        Some(at) => &expected[..at],
        None => expected,
    };
    if own.starts_with(words) {
        Ok(())
    } else {
        Err(format!("\n     {own}\n not {expected}"))
    }
}

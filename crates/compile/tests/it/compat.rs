//! Reading the recorded behaviour: one JSON object a line.

use std::path::PathBuf;

use serde_json::Value;

/// The folder of recorded behaviour: `QUINTET_COMPAT_DIR`, or the one beside the project.
pub(crate) fn folder() -> PathBuf {
    match std::env::var_os("QUINTET_COMPAT_DIR") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/compat"),
    }
}

/// The rows of a table of `render/` whose function has this name.
pub(crate) fn rows(table: &str, function: &str) -> Vec<Value> {
    let path = folder().join("render").join(table);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let rows = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["fn"] == function).collect()
}

/// What `{"$shared": key}` stands for, everywhere in a row.
pub(crate) fn expand_shared(value: &mut Value) {
    let path = folder().join("render/shared-objects.json");
    let text = std::fs::read_to_string(path).unwrap();
    let shared: Value = serde_json::from_str(&text).unwrap();
    expand(value, &shared);
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

/// Runs `check` on every row and fails with the ids of the rows that differ, but for those in
/// `differences`, each with its reason, which must differ.
pub(crate) fn check_rows(
    rows: &[Value],
    differences: &[(&str, &str)],
    check: impl Fn(&Value) -> Result<(), String>,
) {
    let mut faults = Vec::new();
    for row in rows {
        let id = row["id"].as_str().unwrap();
        let difference = differences.iter().any(|(known, _)| id == *known);
        match (check(row), difference) {
            (Ok(()), false) | (Err(_), true) => {}
            (Ok(()), true) => faults.push(format!("{id}: is listed as a difference and is none")),
            (Err(reason), false) => faults.push(format!("{id}: {reason}")),
        }
    }
    println!(
        "{}/{} rows, {} differences",
        rows.len() - faults.len(),
        rows.len(),
        differences.len()
    );
    assert!(
        faults.is_empty(),
        "{} rows differ:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// Equality as the tables mean it: numbers by value, null and absent alike.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
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

/// Whether a failure says what the reference says, up to where a library of the reference speaks.
pub(crate) fn says(own: &str, expected: Option<&str>) -> Result<(), String> {
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

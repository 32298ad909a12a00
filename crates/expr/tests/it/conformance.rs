//! The conformance suite of the language (cel-spec), as far as it does without protobuf messages.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value as Json;

use expr::{Bindings, Environment, Key, Map, Type, Value};

/// The folder of recorded behaviour: `QUINTET_COMPAT_DIR`, or the one beside the project.
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

/// Suites about protobuf messages, extensions that templates do not have, and partial evaluation.
const OTHER_SUITES: &[&str] = &[
    "bindings_ext",
    "block_ext",
    "dynamic",
    "enums",
    "namespace",
    "proto2",
    "proto2_ext",
    "proto3",
    "unknowns",
    "wrappers",
];

/// What differs on purpose, by suite, section and name, with the reason.
const DIFFERENCES: &[(&str, &str)] = &[
    (
        "conversions/double/string_exp_pos_neg",
        "serde_json reads the table's number one bit off",
    ),
    (
        "conversions/double/string_exp_neg_neg",
        "serde_json reads the table's number one bit off",
    ),
    (
        "timestamps/timestamp_conversions/toString_timestamp_nanos",
        "times end on 9999-12-30, so that every time zone can show them",
    ),
];

#[test]
fn the_suite_evaluates_as_specified() {
    let suites = table("spec-conf.json");
    let mut run = Run::default();
    for suite in suites["suites"].as_array().unwrap() {
        if !OTHER_SUITES.contains(&suite["name"].as_str().unwrap()) {
            run.suite(suite, "");
        }
    }
    println!(
        "{}/{} cases, {} left out",
        run.passed,
        run.passed + run.faults.len(),
        run.skipped
    );
    assert!(
        run.faults.is_empty(),
        "{} cases differ:\n{}",
        run.faults.len(),
        run.faults.join("\n")
    );
    assert!(run.passed > 1000, "only {} cases ran", run.passed);
}

#[derive(Default)]
struct Run {
    passed: usize,
    skipped: usize,
    faults: Vec<String>,
}

impl Run {
    fn suite(&mut self, suite: &Json, above: &str) {
        let path = format!("{above}{}", suite["name"].as_str().unwrap());
        for case in suite["tests"].as_array().into_iter().flatten() {
            let id = format!("{path}/{}", case["original"]["name"].as_str().unwrap());
            self.case(&id, &case["original"]);
        }
        for inner in suite["suites"].as_array().into_iter().flatten() {
            self.suite(inner, &format!("{path}/"));
        }
    }

    fn case(&mut self, id: &str, case: &Json) {
        let source = case["expr"].as_str().unwrap();
        if uses_messages(case, source) {
            self.skipped += 1;
            return;
        }
        let mut bindings = Bindings::new();
        let dotted = |name: &String| name.contains('.');
        if case["bindings"]
            .as_object()
            .is_some_and(|bound| bound.keys().any(dotted))
        {
            self.skipped += 1;
            return;
        }
        for (name, bound) in case["bindings"].as_object().into_iter().flatten() {
            match value(&bound["value"]) {
                Some(value) => bindings = bindings.with(name.as_str(), value),
                None => {
                    self.skipped += 1;
                    return;
                }
            }
        }
        let result = Environment::default()
            .compile(source)
            .and_then(|program| program.evaluate(&bindings));
        let expected = match case
            .get("value")
            .or_else(|| case["typedResult"].get("result"))
        {
            None if case.get("evalError").is_some() => Err(()),
            None => Ok(Value::Bool(true)),
            Some(expected) => match value(expected) {
                Some(expected) => Ok(expected),
                None => {
                    self.skipped += 1;
                    return;
                }
            },
        };
        let agrees = match (&result, &expected) {
            (Ok(result), Ok(expected)) => identical(result, expected),
            (Err(_), Err(())) => true,
            // What would be found before evaluation is always found: there is no unchecked mode.
            (Err(error), Ok(_)) => error.is_compile() && case["disableCheck"] == true,
            _ => false,
        };
        if agrees == DIFFERENCES.iter().any(|(known, _)| *known == id) {
            self.faults.push(format!(
                "{id}: {source}\n    {result:?}\n    not {expected:?}"
            ));
        } else {
            self.passed += 1;
        }
    }
}

/// Whether a case needs message types, a container, or checks types alone.
fn uses_messages(case: &Json, source: &str) -> bool {
    let message = |text: &str| text.contains("google.protobuf.") && text.contains('{');
    case.get("checkOnly").is_some()
        || case.get("container").is_some()
        || source.contains("TestAllTypes")
        || message(source)
        || source.contains("proto.")
}

fn value(json: &Json) -> Option<Value> {
    let (kind, inner) = json.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "nullValue" => Value::Null,
        "boolValue" => Value::Bool(inner.as_bool()?),
        "int64Value" => Value::Int(inner.as_str()?.parse().ok()?),
        "uint64Value" => Value::Uint(inner.as_str()?.parse().ok()?),
        "doubleValue" => Value::Double(match inner.as_str() {
            Some("Infinity") => f64::INFINITY,
            Some("-Infinity") => f64::NEG_INFINITY,
            Some("NaN") => f64::NAN,
            Some(number) => number.parse().ok()?,
            None => inner.as_f64()?,
        }),
        "stringValue" => Value::from(inner.as_str()?),
        "bytesValue" => {
            let text = format!("base64.decode('{}')", inner.as_str()?);
            Environment::default()
                .compile(&text)
                .ok()?
                .evaluate(&Bindings::new())
                .ok()?
        }
        "typeValue" => {
            let bindings = Bindings::new();
            Environment::default()
                .compile(inner.as_str()?)
                .ok()?
                .evaluate(&bindings)
                .ok()?
        }
        "listValue" => {
            let items = inner["values"].as_array().into_iter().flatten();
            Value::list(items.map(value).collect::<Option<_>>()?)
        }
        "mapValue" => {
            let entries = inner["entries"].as_array().into_iter().flatten();
            let entry =
                |entry: &Json| Some((Key::of(&value(&entry["key"])?)?, value(&entry["value"])?));
            Value::Map(Arc::new(entries.map(entry).collect::<Option<Map>>()?))
        }
        "objectValue" => well_known(inner)?,
        _ => return None,
    })
}

fn well_known(object: &Json) -> Option<Value> {
    let text = object["value"].as_str();
    let source = match object["@type"].as_str()? {
        "type.googleapis.com/google.protobuf.Timestamp" => format!("timestamp('{}')", text?),
        "type.googleapis.com/google.protobuf.Duration" => format!("duration('{}')", text?),
        _ => return None,
    };
    Environment::default()
        .compile(&source)
        .ok()?
        .evaluate(&Bindings::new())
        .ok()
}

/// Equality that also tells types apart, and takes `NaN` for `NaN`.
fn identical(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Double(left), Value::Double(right)) if left.is_nan() => right.is_nan(),
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(l, r)| identical(l, r))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(k, l)| right.get(k).is_some_and(|r| identical(l, r)))
        }
        (Value::Type(left), Value::Type(right)) => left == right || *left == Type::Null,
        _ => left.type_of() == right.type_of() && left == right,
    }
}

//! The conformance suite of the language (cel-spec), as far as it does without protobuf messages.

use std::sync::Arc;

use serde_json::Value as Json;

use expr::{Bindings, Environment, Key, Map, Type, Value};

use crate::cases::{Tally, cases};

/// Suites about protobuf messages, extensions that templates do not have, and partial evaluation.
const OTHER_SUITES: &[&str] = &[
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

const MISSES: &[(&str, &str)] = &[
    (
        "conformance/conversions/double/string_exp_pos_neg",
        "number-reading",
    ),
    (
        "conformance/conversions/double/string_exp_neg_neg",
        "number-reading",
    ),
    (
        "conformance/timestamps/timestamp_conversions/toString_timestamp_nanos",
        "last-day",
    ),
];

#[test]
fn the_suite_evaluates_as_specified() {
    let mut tally = Tally::new("values", MISSES);
    for (id, case) in cases(&["conf"]) {
        let case = &case["original"];
        let source = case["expr"].as_str().unwrap();
        let other = |suite: &&str| id.starts_with(&format!("conformance/{suite}/"));
        if OTHER_SUITES.iter().any(other) || uses_messages(case, source) {
            tally.skip();
            continue;
        }
        match (bindings(case), expected(case)) {
            (Some(bindings), Some(expected)) => {
                tally.check(&id, source, compare(case, source, &bindings, &expected));
            }
            _ => tally.skip(),
        }
    }
    tally.finish();
}

/// The variables of a case; `None` if one is a message or has a dot in its name.
fn bindings(case: &Json) -> Option<Bindings> {
    let mut bindings = Bindings::new();
    for (name, bound) in case["bindings"].as_object().into_iter().flatten() {
        if name.contains('.') {
            return None;
        }
        bindings = bindings.with(name.as_str(), value(&bound["value"])?);
    }
    Some(bindings)
}

/// The value of a case, or that it fails; `None` if it is a message.
fn expected(case: &Json) -> Option<Result<Value, ()>> {
    let expected = case
        .get("value")
        .or_else(|| case["typedResult"].get("result"));
    match expected {
        None if case.get("evalError").is_some() => Some(Err(())),
        None => Some(Ok(Value::Bool(true))),
        Some(expected) => value(expected).map(Ok),
    }
}

fn compare(
    case: &Json,
    source: &str,
    bindings: &Bindings,
    expected: &Result<Value, ()>,
) -> Result<(), String> {
    let result = Environment::builder()
        .with_bind()
        .build()
        .compile(source)
        .and_then(|program| program.evaluate(bindings));
    let agrees = match (&result, expected) {
        (Ok(result), Ok(expected)) => identical(result, expected),
        (Err(_), Err(())) => true,
        // What would be found before evaluation is always found: there is no unchecked mode.
        (Err(error), Ok(_)) => error.is_compile() && case["disableCheck"] == true,
        _ => false,
    };
    if agrees {
        Ok(())
    } else {
        Err(format!("{result:?}\n    not {expected:?}"))
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

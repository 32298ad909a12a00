//! The template language.

use serde_json::{Value, json};

use compile::{
    functions::Methods,
    template::{Context, Engine, Error, find_expressions},
};

use testkit::compat::{Difference, Table, agree, result, same};

#[test]
fn templates_render_as_in_the_reference() {
    Table::of("template.jsonl", "template.Engine.Render")
        .but(DIFFERENCES)
        .check(|row| {
            let methods = match row["input"]["componentMacros"].as_bool() {
                Some(true) => Methods::Component,
                _ => Methods::Plain,
            };
            let engine = Engine::new(methods);
            let inputs = row["input"]["inputs"]
                .as_object()
                .cloned()
                .unwrap_or_default();
            let context = Context::from_json_with(&inputs, expr::Numbers::AsWritten);
            match (
                engine.render(&row["input"]["data"], &context),
                row.get("error"),
            ) {
                (Err(own), Some(error)) => same_kind(&own, &error["message"], &row["errorAnyOf"]),
                (Err(error), None) => Err(error.to_string()),
                (Ok(value), Some(error)) => Err(format!("gave {value:?} instead of {error}")),
                (Ok(value), None) => {
                    let value = value.unwrap_or_else(|| json!({"$omit": true}));
                    let expected = &row["output"]["result"];
                    if same(&value, expected) {
                        Ok(())
                    } else {
                        Err(format!("{value} not {expected}"))
                    }
                }
            }
        });
}

/// Whether an error says the platform's own words: what comes after them is a library's.
fn same_kind(own: &Error, expected: &Value, any_of: &Value) -> Result<(), String> {
    let (own, expected) = (own.to_string(), expected.as_str().unwrap());
    let words = match expected
        .split_once("': ")
        .filter(|_| expected.starts_with("CEL"))
    {
        Some((words, _)) if *any_of == true => {
            words.split_once(" '").map_or(words, |(kind, _)| kind)
        }
        Some((words, _)) => words,
        None => expected,
    };
    if own.starts_with(words) {
        Ok(())
    } else {
        Err(format!("{own}\n    not {expected}"))
    }
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        name: "whole-numbers",
        shows: |row| {
            let text = row["output"]["result"].as_str().unwrap_or_default();
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+.-".contains(c));
            words.any(|word| {
                let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
                // Larger ones are no longer exact, and have their exponent here as well.
                let number = digits.contains("e+").then(|| digits.parse::<f64>().ok());
                number.flatten().is_some_and(|number| number.abs() < 9e15)
            })
        },
    },
    Difference {
        name: "mixed-numbers",
        shows: |row| {
            let message = row["error"]["message"].as_str().unwrap_or_default();
            message.contains("evaluation error")
                && message.ends_with("no such overload")
                && renders_with_doubles(row)
        },
    },
];

/// Whether a template renders once its integers are written as doubles.
fn renders_with_doubles(row: &Value) -> bool {
    let data = &row["input"]["data"];
    let written = with_doubles(data);
    let inputs = row["input"]["inputs"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let context = Context::from_json_with(&inputs, expr::Numbers::AsWritten);
    written != *data
        && Engine::new(Methods::Component)
            .render(&written, &context)
            .is_ok()
}

fn with_doubles(data: &Value) -> Value {
    match data {
        Value::String(text) => Value::String(text_with_doubles(text)),
        Value::Array(items) => items.iter().map(with_doubles).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), with_doubles(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => data.clone(),
    }
}

fn text_with_doubles(text: &str) -> String {
    let mut written = String::new();
    let mut rest = text.chars().peekable();
    let mut before = ' ';
    while let Some(next) = rest.next() {
        written.push(next);
        let goes_on = |next: &char| next.is_ascii_alphanumeric() || *next == '.';
        let in_name = before.is_ascii_alphabetic() || before == '_' || before == '.';
        before = match next.is_ascii_digit() && in_name {
            true => 'x',
            false => next,
        };
        if before.is_ascii_digit() && !rest.peek().is_some_and(goes_on) {
            written.push_str(".0");
        }
    }
    written
}

#[test]
fn two_keys_of_one_name_are_refused() {
    let render = |data: Value| Engine::default().render(&data, &Context::new());
    for data in [
        json!({"${'a'}": 1, "${'a' + ''}": 2}),
        json!({"a": 1, "${'a'}": 2}),
        json!({"${'a'}": 1, "a": 2}),
    ] {
        let error = render(json!({"labels": data})).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("the map has already, string: a"),
            "{error}"
        );
        assert!(error.path().starts_with(".labels."), "{}", error.path());
    }
    let omitted = render(json!({"${'a'}": "${oc_omit()}", "${'a' + ''}": 2}));
    assert_eq!(omitted, Ok(Some(json!({"a": 2}))));
}

#[test]
fn what_is_omitted_leaves_no_trace() {
    Table::of("template.jsonl", "template.RemoveOmittedFields").check(|row| {
        let own = Engine::default().render(&omitting(&row["input"]["data"]), &Context::new());
        agree(
            &own.map_err(|error| error.to_string())?.unwrap_or_default(),
            result(row),
        )
    });
}

/// The data of a row as a template: what is marked as omitted is omitted by the template, and text
/// that looks like an expression stays text.
fn omitting(data: &Value) -> Value {
    match data {
        Value::Object(map) if map.get("$omit") == Some(&json!(true)) => json!("${oc_omit()}"),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), omitting(value)))
            .collect(),
        Value::Array(items) => items.iter().map(omitting).collect(),
        Value::String(text) if text.contains("${") => json!(format!("${{{}}}", json!(text))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => data.clone(),
    }
}

#[test]
fn expressions_are_found_as_in_the_reference() {
    Table::of("template-scan.jsonl", "template.FindCELExpressions").check(|row| {
        let text = row["input"]["str"].as_str().unwrap_or_default();
        match (find_expressions(text), row.get("error")) {
            (Err(_), Some(_)) => Ok(()),
            (Ok(found), None) => {
                let found: Vec<_> = found
                    .iter()
                    .map(|found| json!({"fullExpr": &text[found.start..found.end], "innerExpr": found.source}))
                    .collect();
                let found = Value::Array(found);
                let expected = match &row["output"]["result"] {
                    Value::Null => json!([]),
                    other => other.clone(),
                };
                if same(&found, &expected) {
                    Ok(())
                } else {
                    Err(format!("{found} not {expected}"))
                }
            }
            (result, error) => Err(format!("{result:?} instead of {error:?}")),
        }
    });
}

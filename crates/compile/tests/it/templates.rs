//! The template language.

use serde_json::{Value, json};

use compile::{
    functions::Methods,
    template::{Context, Engine, Error, find_expressions},
};

use crate::compat::{check_rows, rows, same};

#[test]
fn templates_render_as_in_the_reference() {
    let rows = rows("template.jsonl", "template.Engine.Render");
    check_rows(&rows, DIFFERENCES, |row| {
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

const DIFFERENCES: &[(&str, &str)] = &[
    (
        "template.Engine.Render|extra/template/014",
        "whole numbers are written without an exponent",
    ),
    (
        "template.Engine.Render|extra/template/239",
        "whole numbers are written without an exponent",
    ),
    (
        "template.Engine.Render|extra/template/023",
        "a JSON number and an int literal add up",
    ),
];

#[test]
fn expressions_are_found_as_in_the_reference() {
    let rows = rows("template-scan.jsonl", "template.FindCELExpressions");
    check_rows(&rows, &[], |row| {
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

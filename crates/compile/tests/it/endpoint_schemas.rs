//! Operations of endpoints, read from their schemas.

use serde_json::{Value, json};

use compile::endpoint_schema::operations;
use testkit::compat::{Table, agree, result};

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Compares operations, or that reading fails; what is wrong with a text a library says.
fn compare(own: Result<Vec<Value>, String>, row: &Value) -> Result<(), String> {
    match (own, row["error"]["message"].as_str()) {
        (Ok(own), None) => {
            let expected = result(row).as_array().cloned().unwrap_or_default();
            agree(&json!(own), &json!(expected))
        }
        (Err(own), Some(expected)) => {
            let words = expected.split("endpoint.proto:").next().unwrap_or(expected);
            let words = words.split("parse openapi").next().unwrap_or(words);
            if own.contains(words) {
                Ok(())
            } else {
                Err(format!("\n     {own}\n not {expected}"))
            }
        }
        (own, expected) => Err(format!("{own:?} instead of {expected:?}")),
    }
}

#[test]
fn operations_are_those_of_the_reference() {
    let table = "endpoint-schema.jsonl";
    Table::of(table, "schemaextract.Extract").check(|row| {
        let (input, schema) = (&row["input"], &row["input"]["schema"]);
        let own = operations(
            text(input, "epType"),
            text(schema, "type"),
            text(schema, "content"),
        );
        compare(own.map_err(|error| error.to_string()), row)
    });
    for (function, kind) in [
        ("schemaextract.openAPIExtractor.Extract", "openapi"),
        ("schemaextract.protoExtractor.Extract", "proto"),
    ] {
        Table::of(table, function).check(|row| {
            let own = operations("HTTP", kind, text(&row["input"], "content"));
            compare(own.map_err(|error| error.to_string()), row)
        });
    }
}

//! Parameter schemas.

use serde_json::{Value, json};

use compile::schema::{Schema, resolve_refs};

use crate::compat::{check_rows, rows, same};

#[test]
fn defaults_are_those_of_the_reference() {
    let rows = rows("schema.jsonl", "schema.ApplyDefaults");
    check_rows(&rows, &[], |row| {
        let Value::Object(raw) = &row["input"]["structural"] else {
            return Ok(());
        };
        let target = row["input"]["target"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let schema = Schema::parse(raw).map_err(|error| error.to_string())?;
        let result = Value::Object(schema.default(&target));
        if same(&result, &row["output"]["result"]) {
            Ok(())
        } else {
            Err(result.to_string())
        }
    });
}

#[test]
fn values_are_refused_as_in_the_reference() {
    let rows = rows("schema.jsonl", "schema.ValidateWithJSONSchema");
    check_rows(&rows, &[], |row| {
        let Value::Object(raw) = &row["input"]["jsonSchema"] else {
            return Ok(());
        };
        let schema = Schema::parse(raw).map_err(|error| error.to_string())?;
        let empty = Value::Object(serde_json::Map::new());
        let values = match &row["input"]["values"] {
            Value::Null => &empty,
            values => values,
        };
        let problems = schema.validate(values);
        match (problems.is_empty(), row.get("error").is_some()) {
            (true, false) | (false, true) => Ok(()),
            _ => Err(format!("{problems:?} instead of {:?}", row.get("error"))),
        }
    });
}

#[test]
fn references_are_inlined_as_in_the_reference() {
    let rows = rows("schema.jsonl", "schema.ResolveRefs");
    check_rows(&rows, &[], |row| {
        match (resolve_refs(&row["input"]["schema"]), row.get("error")) {
            (Ok(resolved), None) if same(&resolved, &row["output"]["result"]) => Ok(()),
            (Err(_), Some(_)) => Ok(()),
            (result, _) => Err(format!("{result:?}")),
        }
    });
}

#[test]
fn fields_may_be_called_as_keywords_are() {
    let schema = json!({
        "type": "object",
        "$defs": {"Size": {"type": "integer", "default": 3}},
        "properties": {
            "default": {"$ref": "#/$defs/Size"},
            "enum": {"$ref": "#/$defs/Size"},
            "x-size": {"$ref": "#/$defs/Size"},
        },
    });
    let schema = Schema::parse(schema.as_object().unwrap()).unwrap();
    let filled = Value::Object(schema.default(&serde_json::Map::new()));
    assert_eq!(filled, json!({"default": 3, "enum": 3, "x-size": 3}));
}

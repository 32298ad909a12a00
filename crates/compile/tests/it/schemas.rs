//! Parameter schemas.

use serde_json::{Value, json};

use compile::schema::{Schema, resolve_refs, shown};

use model::kinds::template::SchemaSection;
use testkit::compat::{Table, agree, same};

#[test]
fn defaults_are_those_of_the_reference() {
    Table::of("schema.jsonl", "schema.ApplyDefaults").check(|row| {
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
    Table::of("schema.jsonl", "schema.ValidateWithJSONSchema").check(|row| {
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

/// The schema of a row as it is used.
fn parsed(raw: &Value) -> Result<Value, String> {
    let Value::Object(raw) = raw else {
        return Ok(json!({"type": "object"}));
    };
    let schema = Schema::parse(raw).map_err(|error| error.to_string())?;
    Ok(schema.as_value().clone())
}

/// Compares schemas: what is required has no order, and schemas that are combined close no object
/// where the reference keeps a schema for defaults alone.
fn agree_on_schema(own: Result<Value, String>, row: &Value, name: &str) -> Result<(), String> {
    match (own, row.get("error")) {
        // No schema at all is shown as one without fields, where it is shown.
        (Ok(_), None) if row["output"][name].is_null() => Ok(()),
        (Ok(own), None) => agree(&plain(&own), &plain(&row["output"][name])),
        (Err(_), Some(_)) => Ok(()),
        (own, error) => Err(format!("{own:?} instead of {error:?}")),
    }
}

fn plain(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let mut plain: serde_json::Map<_, _> = map
                .iter()
                .map(|(key, value)| (key.clone(), plain(value)))
                .collect();
            for key in ["oneOf", "anyOf", "allOf"] {
                let parts = plain.get_mut(key).and_then(Value::as_array_mut);
                for part in parts.into_iter().flatten().filter_map(Value::as_object_mut) {
                    part.shift_remove("additionalProperties");
                }
            }
            if let Some(Value::Array(names)) = plain.get_mut("required") {
                names.sort_by_key(Value::to_string);
            }
            Value::Object(plain)
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

#[test]
fn schemas_are_read_as_in_the_reference() {
    let section = |row: &Value| row["input"]["section"]["openAPIV3Schema"].clone();
    let raw = |row: &Value| row["input"]["rawSchema"].clone();
    for function in [
        "schema.OpenAPIV3ToJSONSchema",
        "schema.OpenAPIV3ToStructural",
        "schema.OpenAPIV3ToStructuralAndJSONSchema",
    ] {
        Table::of("schema.jsonl", function)
            .check(|row| agree_on_schema(parsed(&raw(row)), row, "result"));
    }
    for function in [
        "schema.SectionToJSONSchema",
        "schema.ResolveSectionToStructural",
        "schema.ResolveSectionToBundle",
    ] {
        Table::of("schema.jsonl", function)
            .check(|row| agree_on_schema(parsed(&section(row)), row, "result"));
    }
    Table::of("schema.jsonl", "schema.StripVendorExtensions")
        .check(|row| agree_on_schema(parsed(&row["input"]["schema"]), row, "result"));
}

#[test]
fn schemas_are_shown_with_what_is_for_portals_as_in_the_reference() {
    Table::of("schema.jsonl", "schema.OpenAPIV3ToResolvedSchema").check(|row| {
        let own = resolve_refs(&row["input"]["rawSchema"]).map_err(|error| error.to_string());
        agree_on_schema(own, row, "result")
    });
    Table::of("schema.jsonl", "schema.SectionToRawJSONSchema").check(|row| {
        let section: Option<SchemaSection> =
            serde_json::from_value(row["input"]["section"].clone()).unwrap();
        let own = shown(section.as_ref()).map_err(|error| error.to_string());
        agree_on_schema(own, row, "result")
    });
}

#[test]
fn references_are_inlined_as_in_the_reference() {
    Table::of("schema.jsonl", "schema.ResolveRefs").check(|row| {
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

//! Templates, patches and schemas.

use serde_json::{Map, Value, json};

use compile::{
    functions::Methods,
    patch::{self, Operation},
    schema::Schema,
    template::{Context, Engine},
};
use model::kinds::trait_::PatchOp;

use super::{LIMITS, same, variables};

pub(super) fn template(input: &str) -> Result<(), String> {
    let engine = Engine::new(Methods::Component);
    let context = || Context::from_json(&variables()).within(&LIMITS);
    let body = json!({"key": input, input: "x", "list": [input, "${oc_omit()}"]});
    same(
        &engine.render(&body, &context()),
        &engine.render(&body, &context()),
    )
}

pub(super) fn patch(input: &str) -> Result<(), String> {
    let row: Value = serde_json::from_str(input).unwrap_or_default();
    let path = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| input.to_owned(), str::to_owned)
    };
    let mut operations = Vec::new();
    for operation in row["operations"].as_array().into_iter().flatten().take(8) {
        operations.push(Operation {
            op: match operation["op"].as_str() {
                Some("remove") => PatchOp::Remove,
                Some("replace") => PatchOp::Replace,
                _ => PatchOp::Add,
            },
            path: path(&operation["path"]),
            value: operation["value"].clone(),
        });
    }
    operations.push(Operation {
        op: PatchOp::Add,
        path: input.to_owned(),
        value: json!(1),
    });
    let target =
        json!({"a": [{"a": "b", "list": [1, 2]}, {"a": null}], "spec": {"c": [{"name": "x"}]}});
    let once = || {
        let mut object = target.clone();
        let applied = patch::apply(&mut object, &operations);
        applied.map(|()| object)
    };
    same(&once(), &once())
}

pub(super) fn schema(input: &str) -> Result<(), String> {
    let row: Value = serde_json::from_str(input).unwrap_or_default();
    let candidates = row.as_object().into_iter().flat_map(Map::values);
    for raw in candidates.filter_map(Value::as_object) {
        let parsed = Schema::parse(raw);
        same(&parsed, &Schema::parse(raw))?;
        let Ok(parsed) = parsed else { continue };
        let filled = parsed.default(&variables());
        same(&filled, &parsed.default(&filled))?;
        let value = Value::Object(filled);
        same(&parsed.validate(&value), &parsed.validate(&value))?;
    }
    Ok(())
}

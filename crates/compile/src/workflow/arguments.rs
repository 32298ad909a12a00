//! Argument values of an Argo `Workflow`, in the forms that Argo reads (reference 3.7).

use serde_json::Value;

/// Brings what templates gave into the forms of the reference: an object under `value` becomes its
/// JSON text, a text that is a JSON array becomes the array.
pub(crate) fn normalize(value: &mut Value) {
    compact(value);
    lists(value);
}

/// Objects and arrays under `value` become their JSON text.
pub(crate) fn compact(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, child) in map {
                if key == "value" && (child.is_object() || child.is_array()) {
                    *child = Value::String(text_of(child));
                }
                compact(child);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(compact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every text that is a JSON array becomes the array.
pub(crate) fn lists(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(lists),
        Value::Array(items) => items.iter_mut().for_each(lists),
        Value::String(text) => {
            if let Some(items) = array_in(text) {
                *value = items;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn array_in(text: &str) -> Option<Value> {
    let trimmed = text.trim();
    if !trimmed.starts_with('[') {
        return None;
    }
    serde_json::from_str(trimmed).ok().filter(Value::is_array)
}

/// Makes every value of the run's arguments text, which is all that Argo takes there.
pub(crate) fn stringify(run: &mut Value) {
    let arguments = run
        .pointer_mut("/spec/arguments/parameters")
        .and_then(Value::as_array_mut);
    for argument in arguments.into_iter().flatten() {
        if let Some(value) = argument.get_mut("value") {
            *value = Value::String(text_of(value));
        }
    }
}

/// The text of a value: a string itself, anything else as canonical JSON.
pub(crate) fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| model::canonical::to_string(value), str::to_owned)
}

//! Turns generated schemas into structural ones.

use serde_json::{Map, Value};

/// Rewrites what the generator writes for optional values, enumerations and Rust's number types.
pub(super) fn plain(schema: &mut Value) {
    if let Value::Bool(true) = schema {
        // Anything goes: the shape is somebody else's.
        *schema = serde_json::json!({ "x-kubernetes-preserve-unknown-fields": true });
    }
    let Value::Object(map) = schema else { return };
    unwrap_option(map);
    join_words(map);
    map.remove("title");
    if ["type", "enum", "anyOf", "oneOf"]
        .iter()
        .all(|key| !map.contains_key(*key))
    {
        map.insert(
            "x-kubernetes-preserve-unknown-fields".to_owned(),
            true.into(),
        );
    }
    match map.get("format").and_then(Value::as_str) {
        Some("uint16") => {
            map.insert("format".to_owned(), "int32".into());
        }
        Some("uint32" | "uint64" | "uint") => {
            map.insert("format".to_owned(), "int64".into());
        }
        _ => {}
    }
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        properties.values_mut().for_each(plain);
    }
    if let Some(items) = map.get_mut("items") {
        plain(items);
    }
    match map.get_mut("additionalProperties") {
        Some(Value::Bool(true)) => {
            map.remove("additionalProperties");
            map.insert(
                "x-kubernetes-preserve-unknown-fields".to_owned(),
                true.into(),
            );
        }
        Some(entries @ Value::Object(_)) => plain(entries),
        _ => {}
    }
    if map.get("additionalProperties") == Some(&free_value()) {
        map.remove("additionalProperties");
        map.insert(
            "x-kubernetes-preserve-unknown-fields".to_owned(),
            true.into(),
        );
    }
}

fn free_value() -> Value {
    serde_json::json!({ "x-kubernetes-preserve-unknown-fields": true })
}

/// An absent value is an absent key here, never `null`.
fn unwrap_option(map: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(words)) = map.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    let Some(Value::Array(options)) = map.get_mut("anyOf") else {
        return;
    };
    options.retain(|option| option.get("type").is_none_or(|name| name != "null"));
    if options.len() == 1
        && let Some(Value::Object(only)) = options.pop()
    {
        map.remove("anyOf");
        for (key, value) in only {
            // What is said of the place goes before what is said of the type.
            map.entry(key).or_insert(value);
        }
    }
}

/// One `enum` instead of a choice among documented constants.
fn join_words(map: &mut Map<String, Value>) {
    let Some(Value::Array(options)) = map.get("oneOf") else {
        return;
    };
    let words: Option<Vec<Value>> = options
        .iter()
        .map(|option| match (option.get("const"), option.get("enum")) {
            (Some(word), _) => Some(vec![word.clone()]),
            (None, Some(Value::Array(words))) => Some(words.clone()),
            (None, _) => None,
        })
        .collect::<Option<Vec<_>>>()
        .map(|words| words.into_iter().flatten().collect());
    if let Some(words) = words {
        map.remove("oneOf");
        map.insert("type".to_owned(), "string".into());
        map.insert("enum".to_owned(), Value::Array(words));
    }
}

/// Narrows every reference to kinds of the whole platform and requires `required`: paths below the
/// spec, where `[]` steps into a list.
pub(super) fn narrow(schema: &mut Value, required: &[&str]) {
    narrow_words(schema);
    for path in required {
        require(schema, path);
    }
}

fn narrow_words(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    if let Some(Value::Array(words)) = map.get_mut("enum") {
        let all: Vec<String> = words
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let shared = |word: &str| all.iter().any(|other| *other == format!("Cluster{word}"));
        words.retain(|word| !word.as_str().is_some_and(shared));
        if let Some(Value::String(default)) = map.get_mut("default")
            && shared(default)
        {
            *default = format!("Cluster{default}");
        }
    }
    for key in ["properties", "items"] {
        match (key, map.get_mut(key)) {
            ("properties", Some(Value::Object(properties))) => {
                properties.values_mut().for_each(narrow_words);
            }
            (_, Some(items)) => narrow_words(items),
            (_, None) => {}
        }
    }
}

/// Removes the fields at `paths`, which are written as for [`narrow`].
pub(super) fn leave_out(schema: &mut Value, paths: &[&str]) {
    for path in paths {
        let (place, field) = find(schema, path);
        if let Some(properties) = place["properties"].as_object_mut() {
            properties.shift_remove(field);
        }
    }
}

/// The schema that a path leads into, and the field that it ends with.
fn find<'a, 'p>(schema: &'a mut Value, path: &'p str) -> (&'a mut Value, &'p str) {
    let (head, field) = path.rsplit_once('.').unwrap_or(("", path));
    let mut place = schema;
    for step in head.split('.').filter(|step| !step.is_empty()) {
        let name = step.trim_end_matches("[]");
        place = &mut place["properties"][name];
        if name != step {
            place = &mut place["items"];
        }
    }
    (place, field)
}

fn require(schema: &mut Value, path: &str) {
    let (place, field) = find(schema, path);
    if let Some(property) = place["properties"]
        .get_mut(field)
        .and_then(Value::as_object_mut)
    {
        property.remove("default");
    }
    let Value::Object(map) = place else { return };
    if let Value::Array(names) = map
        .entry("required")
        .or_insert_with(|| Value::Array(Vec::new()))
    {
        names.push(field.into());
    }
}

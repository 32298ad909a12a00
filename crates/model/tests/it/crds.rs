//! The generated schemas against the published definitions: fields, types, words, patterns, limits,
//! defaults, what is required.

use serde_json::{Map, Value};

use model::{KindName, schema};

use testkit::compat::{folder, read};

/// Where a schema says otherwise than the definition: the end of a path and key, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    (
        "arameters type",
        "values for a schema are a map; the reference takes anything and fails later",
    ),
    ("nvironmentConfigs type", "as for parameters"),
    (
        "spec.workloadOverrides x-kubernetes-preserve-unknown-fields",
        "an override that nobody reads is a mistake of its writer",
    ),
    (".port maximum", "the port of an address is a port"),
    (
        "status.endpoints[].type enum",
        "the type of an endpoint is one of those that a workload has",
    ),
    (
        "roleMappings[].roleRef.kind enum",
        "that such bindings name only roles of the whole platform is a rule in the definition",
    ),
    (
        "status type",
        "the definitions of roles and bindings have no status, here they have an empty one",
    ),
    (
        "status.conditions x-kubernetes-list-map-keys",
        "the definitions do not agree; here each type occurs once in every list of conditions",
    ),
];

/// What is compared at each place.
const KEYS: &[&str] = &[
    "type",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "maxProperties",
    "default",
    "format",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-list-map-keys",
];

#[test]
fn schemas_are_those_of_the_published_definitions() {
    let mut faults = Vec::new();
    let mut used = vec![false; DIFFERENCES.len()];
    for (kind, scope) in KindName::each_scope().filter(|(kind, _)| !kind.is_core()) {
        let public = kind.public_name(scope);
        let ours = schema::document(kind, scope);
        let theirs = definition(kind.plural(scope));
        let mut found = Vec::new();
        for part in ["spec", "status"] {
            let theirs = &theirs["properties"][part];
            let ours = &ours["properties"][part];
            compare(part, ours, theirs, &mut found);
        }
        for (path, fault) in found {
            let known = DIFFERENCES.iter().position(|(end, _)| path.ends_with(end));
            match known {
                Some(index) => used[index] = true,
                None => faults.push(format!("{public} {path}: {fault}")),
            }
        }
    }
    for ((path, _), used) in DIFFERENCES.iter().zip(used) {
        if !used {
            faults.push(format!("{path}: no longer differs"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The schema of a published definition.
fn definition(plural: &str) -> Value {
    let path = format!("crds/openchoreo.dev_{plural}.yaml");
    assert!(folder().join(&path).exists(), "{path} is not published");
    let document = &model::yaml::documents(&read(&path)).unwrap()[0];
    document["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

fn compare(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<(String, String)>) {
    for key in KEYS {
        let (left, right) = (normal(ours, key), normal(theirs, key));
        if left != right {
            found.push((
                format!("{path} {key}"),
                format!("{left:?} instead of {right:?}"),
            ));
        }
    }
    let required = |schema: &Value, name: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|known| known == name))
    };
    let (left, right) = (properties(ours), properties(theirs));
    for name in left.keys().filter(|name| !right.contains_key(*name)) {
        found.push((format!("{path}.{name}"), "not in the definition".to_owned()));
    }
    for (name, theirs_below) in &right {
        let below = format!("{path}.{name}");
        let Some(ours_below) = left.get(name) else {
            found.push((below, "missing".to_owned()));
            continue;
        };
        if required(ours, name) != required(theirs, name) {
            let fault = format!("required: {} here", required(ours, name));
            found.push((format!("{below} required"), fault));
        }
        compare(&below, ours_below, theirs_below, found);
    }
    for step in ["items", "additionalProperties"] {
        match (
            ours.get(step).filter(|below| below.is_object()),
            theirs.get(step),
        ) {
            (Some(ours), Some(theirs)) => compare(&format!("{path}[]"), ours, theirs, found),
            (None, None) => {}
            (ours, _) => {
                found.push((
                    format!("{path} {step}"),
                    format!("here: {}", ours.is_some()),
                ));
            }
        }
    }
}

fn properties(schema: &Value) -> Map<String, Value> {
    schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default()
}

/// A constraint as it is compared: what says nothing counts as absent.
fn normal(schema: &Value, key: &str) -> Option<Value> {
    let value = schema.get(key)?;
    match (key, value) {
        ("minimum" | "minLength" | "minItems", Value::Number(number))
            if number.as_i64() == Some(0) =>
        {
            None
        }
        ("format", Value::String(format)) if format == "int32" || format == "int64" => None,
        _ => Some(value.clone()),
    }
}

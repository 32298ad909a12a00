//! Reading the recorded behaviour of the reference.

use std::{collections::BTreeMap, path::PathBuf, sync::Mutex};

use serde_json::Value;

use model::{Checked, Diagnostics, Draft, Envelope, Stored, yaml};

/// The folder of recorded behaviour: `QUINTET_COMPAT_DIR`, or the one beside the project.
pub(crate) fn folder() -> PathBuf {
    match std::env::var_os("QUINTET_COMPAT_DIR") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/compat"),
    }
}

/// The text of a file of that folder.
pub(crate) fn read(path: &str) -> String {
    let path = folder().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of a table of `render/`.
pub(crate) fn rows(table: &str) -> Vec<Value> {
    let text = read(&format!("render/{table}"));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The sample document named `path#n`. Files are read once, since hundreds of rows name the same.
pub(crate) fn sample(id: &str) -> Value {
    static FILES: Mutex<BTreeMap<String, Vec<Value>>> = Mutex::new(BTreeMap::new());
    let (path, index) = id.rsplit_once('#').unwrap();
    let mut files = FILES.lock().unwrap();
    let documents = files.entry(path.to_owned()).or_insert_with(|| {
        let text = read(&format!("samples/{path}"));
        yaml::documents(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
    });
    documents[index.parse::<usize>().unwrap()].clone()
}

/// Admits a document; one without a namespace goes to `default`.
pub(crate) fn admit(document: &Value, old: Option<Stored>) -> Result<Checked, Diagnostics> {
    let envelope = Envelope::from_document(document, Some("default")).map_err(|error| {
        let mut diagnostics = Diagnostics::default();
        diagnostics.push("", error.to_string());
        diagnostics
    })?;
    Draft { envelope, old }.check()
}

/// What the store would hold.
pub(crate) fn stored(checked: &Checked) -> Stored {
    Stored {
        envelope: checked.envelope().clone(),
        spec_digest: checked.facts().spec_digest,
        exports_digest: checked.facts().exports_digest,
    }
}

/// The value without nulls, empty lists and empty maps, which mean the same as nothing at all.
pub(crate) fn without_empty(value: &Value) -> Value {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, entry)| (key.clone(), without_empty(entry)))
            .filter(|(_, entry)| !empty(entry))
            .collect(),
        Value::Array(items) => items.iter().map(without_empty).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

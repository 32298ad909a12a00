//! `dependencies`: what other components offer, as environment variables.

use serde_json::{Map, Value, json};

use crate::connections::Item;

/// The variable `dependencies`.
pub(crate) fn variable(items: &[Item]) -> Value {
    let list: Vec<_> = items.iter().map(Item::to_value).collect();
    json!({
        "items": list,
        "resources": [],
        "envVars": env_vars(items),
        "volumeMounts": [],
        "volumes": [],
    })
}

/// The fields of `derived` that the methods on `dependencies` stand for.
pub(crate) fn derive(items: &[Item], derived: &mut Map<String, Value>) {
    derived.insert("dependencyEnvVars".to_owned(), Value::Array(env_vars(items)));
    derived.insert("dependencyVolumeMounts".to_owned(), Value::Array(Vec::new()));
    derived.insert("dependencyVolumes".to_owned(), Value::Array(Vec::new()));
}

fn env_vars(items: &[Item]) -> Vec<Value> {
    items
        .iter()
        .flat_map(|item| &item.env_vars)
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect()
}

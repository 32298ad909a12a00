//! The owned-field hash: what an object says in the fields that we own, whatever the server has added around them.
//!
//! The server tells which fields those are (`metadata.managedFields`). The hash is taken of the answer to our own write
//! and compared with that of every later version, so neither defaulting nor another spelling of a value is drift, and
//! a field that somebody has taken over or removed is.

use serde_json::Value;
use sha2::{Digest, Sha256};

use model::label::MANAGER;

/// The hash of our fields in `object`; 0 when we own none.
#[must_use]
pub fn hash(object: &Value) -> u64 {
    let Some(fields) = ours(object) else { return 0 };
    let mut hasher = Sha256::new();
    walk(fields, Some(object), &mut hasher);
    let digest = hasher.finalize();
    u64::from_be_bytes(digest[..8].try_into().expect("SHA-256 has 32 bytes")).max(1)
}

/// Who else has written fields of the object, the latest first; status and scale are none of our concern.
#[must_use]
pub fn other_manager(object: &Value) -> Option<&str> {
    let others = entries(object).filter(|entry| {
        entry["manager"] != MANAGER && entry.get("subresource").is_none_or(|it| it == "")
    });
    others.max_by_key(|entry| entry["time"].as_str().unwrap_or_default())?["manager"].as_str()
}

/// Whether an autoscaler decides about `spec.replicas`.
#[must_use]
pub fn is_autoscaled(object: &Value) -> bool {
    entries(object).any(|entry| {
        let manager = entry["manager"].as_str().unwrap_or_default();
        entry["subresource"] == "scale"
            && manager != MANAGER
            && !manager.starts_with("kubectl")
            && entry.pointer("/fieldsV1/f:spec/f:replicas").is_some()
    })
}

fn entries(object: &Value) -> impl Iterator<Item = &Value> {
    object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn ours(object: &Value) -> Option<&Value> {
    let ours = |entry: &&Value| {
        entry["manager"] == MANAGER
            && entry["operation"] == "Apply"
            && entry.get("subresource").is_none_or(|it| it == "")
    };
    entries(object).find(ours)?.get("fieldsV1")
}

/// Feeds the values at `fields` into the hash. A field without fields below it is owned whole.
fn walk(fields: &Value, value: Option<&Value>, hasher: &mut Sha256) {
    let Some(children) = fields.as_object().filter(|children| !children.is_empty()) else {
        return whole(value, hasher);
    };
    let mut keys: Vec<&String> = children.keys().collect();
    keys.sort_unstable();
    for key in keys {
        hasher.update(key.as_bytes());
        hasher.update([0]);
        let below = value.and_then(|value| below(value, key));
        match key.as_str() {
            // The container itself; what it holds is listed beside it.
            "." => hasher.update([u8::from(value.is_some())]),
            _ => walk(&children[key], below, hasher),
        }
    }
}

/// What a step of `fieldsV1` leads to: a field, or an item of a list by key, value or index.
fn below<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let (sort, rest) = key.split_once(':')?;
    match sort {
        "f" => value.get(rest),
        "k" => {
            let wanted: Value = serde_json::from_str(rest).ok()?;
            let wanted = wanted.as_object()?;
            let matches = |item: &&Value| {
                wanted
                    .iter()
                    .all(|(key, value)| item.get(key) == Some(value))
            };
            value.as_array()?.iter().find(matches)
        }
        "v" => {
            let wanted: Value = serde_json::from_str(rest).ok()?;
            value.as_array()?.iter().find(|item| **item == wanted)
        }
        "i" => value.as_array()?.get(rest.parse::<usize>().ok()?),
        _ => None,
    }
}

fn whole(value: Option<&Value>, hasher: &mut Sha256) {
    match value {
        None => hasher.update([0]),
        Some(value) => {
            hasher.update([1]);
            hasher.update(model::canonical::to_string(value).as_bytes());
        }
    }
    hasher.update([0]);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment() -> Value {
        json!({
            "metadata": {
                "labels": {"app": "a", "foreign": "x"},
                "managedFields": [
                    {"manager": "quintet", "operation": "Apply", "time": "2026-01-01T00:00:00Z", "fieldsV1": {
                        "f:metadata": {"f:labels": {"f:app": {}}},
                        "f:spec": {
                            "f:replicas": {},
                            "f:selector": {},
                            "f:template": {"f:spec": {"f:containers": {
                                "k:{\"name\":\"main\"}": {".": {}, "f:image": {}, "f:name": {}}}}},
                        }}},
                    {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
                     "time": "2026-01-03T00:00:00Z", "fieldsV1": {"f:status": {}}},
                    {"manager": "kubectl-edit", "operation": "Update", "time": "2026-01-02T00:00:00Z", "fieldsV1": {}},
                ],
            },
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "a"}},
                "template": {"spec": {"containers": [
                    {"name": "side", "image": "s"},
                    {"name": "main", "image": "m:1", "imagePullPolicy": "Always"},
                ]}},
            },
            "status": {"replicas": 1},
        })
    }

    #[test]
    fn only_our_fields_count() {
        let before = hash(&deployment());
        let mut other = deployment();
        other["status"]["replicas"] = json!(2);
        other["metadata"]["labels"]["foreign"] = json!("y");
        other["spec"]["template"]["spec"]["containers"][1]["imagePullPolicy"] = json!("Never");
        other["spec"]["template"]["spec"]["containers"][0]["image"] = json!("t");
        assert_eq!(hash(&other), before);
    }

    #[test]
    fn a_change_of_ours_shows_in_value_presence_and_ownership() {
        let before = hash(&deployment());
        let changes: [fn(&mut Value); 4] = [
            |it| it["spec"]["replicas"] = json!(3),
            |it| it["spec"]["selector"]["matchLabels"]["app"] = json!("b"),
            |it| it["spec"]["template"]["spec"]["containers"] = json!([]),
            |it| {
                let ours = &mut it["metadata"]["managedFields"][0]["fieldsV1"];
                ours["f:spec"]
                    .as_object_mut()
                    .unwrap()
                    .shift_remove("f:replicas");
            },
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut other = deployment();
            change(&mut other);
            assert_ne!(hash(&other), before, "change {index}");
        }
    }

    #[test]
    fn the_other_manager_is_the_last_that_wrote_the_object_itself() {
        assert_eq!(other_manager(&deployment()), Some("kubectl-edit"));
        assert!(!is_autoscaled(&deployment()));
    }
}

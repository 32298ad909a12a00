//! Whether a live object still says what we want it to say. Pure.
//!
//! Only what we set is looked at: what the server or others add beside it is theirs.

use model::{Digest, canonical};
use serde_json::Value;

/// Whether `live` says something else than `desired` in a field that `desired` sets.
#[must_use]
pub fn differs(desired: &Value, live: &Value) -> bool {
    match (desired, live) {
        (Value::Object(desired), Value::Object(live)) => desired.iter().any(|(key, value)| {
            match live.get(key) {
                Some(found) => differs(value, found),
                None => !is_empty(value),
            }
        }),
        (Value::Array(desired), Value::Array(live)) => {
            desired.len() != live.len()
                || desired.iter().zip(live).any(|(desired, live)| differs(desired, live))
        }
        (Value::Number(desired), Value::Number(live)) => desired.as_f64() != live.as_f64(),
        (Value::String(desired), Value::String(live)) => {
            desired != live && quantity(desired).is_none_or(|desired| Some(desired) != quantity(live))
        }
        // Servers accept a number for a quantity and answer with text.
        (Value::Number(desired), Value::String(live)) => desired.as_f64() != quantity(live),
        (desired, live) => desired != live && !(is_empty(desired) && live.is_null()),
    }
}

/// Digest of what `live` says in the fields that `desired` sets. Taken right after our own write, it tells later whether
/// anything of ours has moved, even where the server does not keep what it was given.
#[must_use]
pub fn owned_digest(desired: &Value, live: &Value) -> Digest {
    canonical::digest(&project(desired, live))
}

fn project(desired: &Value, live: &Value) -> Value {
    match (desired, live) {
        (Value::Object(desired), Value::Object(live)) => {
            let kept = desired
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), project(value, live.get(key)?))));
            Value::Object(kept.collect())
        }
        (Value::Array(desired), Value::Array(live)) if desired.len() == live.len() => {
            desired.iter().zip(live).map(|(desired, live)| project(desired, live)).collect()
        }
        (_, live) => live.clone(),
    }
}

/// What a server drops: null, and maps and lists of nothing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().all(is_empty),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(truth) => !truth,
        Value::Number(_) => false,
    }
}

/// The number that a quantity such as `500m` or `1Gi` stands for.
fn quantity(text: &str) -> Option<f64> {
    const SUFFIXES: [(&str, f64); 14] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("", 1.0),
    ];
    let (number, factor) =
        SUFFIXES.iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor)))?;
    number.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_server_adds_is_no_difference() {
        let desired = json!({"spec": {"replicas": 1, "env": [], "containers": [{"name": "a", "cpu": "0.5"}]}});
        let live = json!({"spec": {"replicas": 1.0, "containers": [{"name": "a", "cpu": "500m", "x": 1}], "y": 2}});
        assert!(!differs(&desired, &live));
    }

    #[test]
    fn a_change_of_ours_is_a_difference() {
        let desired = json!({"spec": {"image": "a:1", "ports": [1, 2]}});
        assert!(differs(&desired, &json!({"spec": {"image": "a:2", "ports": [1, 2]}})));
        assert!(differs(&desired, &json!({"spec": {"image": "a:1", "ports": [1]}})));
        assert!(differs(&desired, &json!({"spec": {"ports": [1, 2]}})));
    }

    #[test]
    fn the_owned_digest_moves_with_our_fields_only() {
        let desired = json!({"spec": {"list": [1]}});
        let after = json!({"spec": {"list": [1, 2]}, "status": 1});
        let later = json!({"spec": {"list": [1, 2]}, "status": 2});
        let moved = json!({"spec": {"list": [2]}, "status": 2});
        assert_eq!(owned_digest(&desired, &after), owned_digest(&desired, &later));
        assert_ne!(owned_digest(&desired, &after), owned_digest(&desired, &moved));
    }
}

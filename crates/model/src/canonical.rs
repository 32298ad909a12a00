//! Canonical JSON: one text for one value, and the digest of that text.
//!
//! Keys are sorted by code point, there is no white space, and a float that is a whole number below
//! 2^53 is written as an integer, so that a value means the same after any round trip.

use serde_json::Value;

use crate::Digest;

/// The canonical text of `value`.
#[must_use]
pub fn to_string(value: &Value) -> String {
    let mut out = String::with_capacity(256);
    write(value, &mut out);
    out
}

/// The digest of the canonical text of `value`.
#[must_use]
pub fn digest(value: &Value) -> Digest {
    Digest::of(to_string(value).as_bytes())
}

/// Largest magnitude up to which every whole number is exact in a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (index, (key, entry)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write(entry, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::String(text) => write_string(text, out),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => {
                out.push_str(&format!("{float:.0}"));
            }
            _ => out.push_str(&number.to_string()),
        },
        Value::Bool(_) | Value::Null => out.push_str(&value.to_string()),
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push_str(&Value::String(text.to_owned()).to_string());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn key_order_and_whole_floats_do_not_change_the_digest() {
        let left = json!({"b": 1, "a": [1.0, {"y": null, "x": "\n"}]});
        let right = json!({"a": [1, {"x": "\n", "y": null}], "b": 1.0});
        assert_eq!(to_string(&left), r#"{"a":[1,{"x":"\n","y":null}],"b":1}"#);
        assert_eq!(digest(&left), digest(&right));
    }
}

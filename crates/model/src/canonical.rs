//! Canonical JSON: one text for one value, and the digest of that text.
//!
//! Keys are sorted by code point, there is no white space, and a float that is a whole number below
//! 2^53 is written as an integer, so that a value means the same after any round trip.

use std::fmt::Write as _;

use serde_json::Value;

use crate::Digest;

/// The canonical text of `value`.
#[must_use]
pub fn to_string(value: &Value) -> String {
    let mut out = String::with_capacity(256);
    write(value, &mut out);
    out
}

/// The canonical text of an object without one of its fields; of anything else, its canonical text.
#[must_use]
pub fn to_string_without(value: &Value, field: &str) -> String {
    let mut out = String::with_capacity(256);
    match value.as_object() {
        Some(map) => write_map(map.iter().filter(|(key, _)| *key != field), &mut out),
        None => write(value, &mut out),
    }
    out
}

/// The digest of the canonical text of `value`.
#[must_use]
pub fn digest(value: &Value) -> Digest {
    Digest::of(to_string(value).as_bytes())
}

/// Largest magnitude up to which every whole number is exact in a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

pub(crate) fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => write_map(map.iter(), out),
        Value::Array(items) => write_list(items, out, write),
        Value::String(text) => write_string(text, out),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => write_float(float, out),
            // Writing to a text cannot fail.
            None => drop(write!(out, "{number}")),
        },
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Null => out.push_str("null"),
    }
}

/// Writes a float as canonical JSON has it; what JSON cannot hold is `null`.
pub fn write_float(float: f64, out: &mut String) {
    // Writing to a text cannot fail.
    let _ = match serde_json::Number::from_f64(float) {
        Some(_) if float.fract() == 0.0 && float.abs() < EXACT => write!(out, "{float:.0}"),
        Some(number) => write!(out, "{number}"),
        None => write!(out, "null"),
    };
}

fn write_map<'a>(entries: impl Iterator<Item = (&'a String, &'a Value)>, out: &mut String) {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    let entries = entries.into_iter();
    write_entries(
        entries.map(|(key, entry)| (key.as_str(), entry)),
        out,
        write,
    );
}

/// Writes a list, each item of which is written by `item`.
pub fn write_list<T>(items: &[T], out: &mut String, item: impl Fn(&T, &mut String)) {
    out.push('[');
    for (index, each) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        item(each, out);
    }
    out.push(']');
}

/// Writes a map of entries that are sorted by key, each value of which is written by `value`.
pub fn write_entries<'a, T: 'a>(
    entries: impl Iterator<Item = (&'a str, &'a T)>,
    out: &mut String,
    value: impl Fn(&T, &mut String),
) {
    out.push('{');
    for (index, (key, each)) in entries.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(key, out);
        out.push(':');
        value(each, out);
    }
    out.push('}');
}

/// Text in quotes. What JSON must escape is escaped as `serde_json` does it, and nothing else.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    // Next to no text has anything to escape, and a look without a branch for each byte is quick.
    if !text.bytes().fold(false, |found, byte| {
        found | (byte < b' ') | (byte == b'"') | (byte == b'\\')
    }) {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[plain_from..at]);
        plain_from = at + 1;
        if escape.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(&text[plain_from..]);
    out.push('"');
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

    #[test]
    fn text_is_escaped_as_the_json_library_does_it() {
        let all: String = (0..=0x2ff).filter_map(char::from_u32).collect();
        for text in [all.as_str(), "", "plain", "\u{2028}\u{1f600}\"\\"] {
            let value = Value::from(text);
            assert_eq!(to_string(&value), value.to_string());
        }
    }

    #[test]
    fn numbers_are_written_as_the_json_library_does_it() {
        for text in ["1", "-7", "1.5", "1e300", "-0.25", "18446744073709551615"] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(to_string(&value), value.to_string());
        }
    }

    #[test]
    fn a_field_is_left_out_of_an_object() {
        let value = json!({"b": 1, "a": {"b": 2}});
        assert_eq!(to_string_without(&value, "b"), r#"{"a":{"b":2}}"#);
        assert_eq!(to_string_without(&json!([1]), "b"), "[1]");
    }
}

//! JSON in two shapes: as it comes from outside and goes there, and as values of the expression language, which
//! share what they have in common. Objects are rendered as the latter, so that a copy costs nothing.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few types of values are JSON, and all others alike are not"
)]

use std::fmt::Write as _;
use std::sync::Arc;

use expr::{Key, Map, Numbers, Value};
use model::canonical;

/// JSON to look into.
pub trait Tree: Sized {
    /// The field of a map.
    fn get(&self, key: &str) -> Option<&Self>;
    /// The items of a list; none of anything else.
    fn items(&self) -> &[Self];
    /// The text.
    fn as_str(&self) -> Option<&str>;
    /// The number.
    fn as_f64(&self) -> Option<f64>;
    /// Whether it is a map.
    fn is_map(&self) -> bool;
    /// Whether it is a map or list with something in it.
    fn is_filled(&self) -> bool;

    /// What lies at a path of fields.
    fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |at, key| at.get(key))
    }
}

impl Tree for serde_json::Value {
    fn get(&self, key: &str) -> Option<&Self> {
        Self::get(self, key)
    }

    fn items(&self) -> &[Self] {
        self.as_array().map_or(&[], Vec::as_slice)
    }

    fn as_str(&self) -> Option<&str> {
        Self::as_str(self)
    }

    fn as_f64(&self) -> Option<f64> {
        Self::as_f64(self)
    }

    fn is_map(&self) -> bool {
        self.is_object()
    }

    fn is_filled(&self) -> bool {
        !self.items().is_empty() || self.as_object().is_some_and(|map| !map.is_empty())
    }
}

impl Tree for Value {
    fn get(&self, key: &str) -> Option<&Self> {
        fields(self)?.get_text(key)
    }

    fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    fn as_str(&self) -> Option<&str> {
        Self::as_str(self)
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(int) => Some(*int as f64),
            Self::Uint(uint) => Some(*uint as f64),
            Self::Double(double) => Some(*double),
            _ => None,
        }
    }

    fn is_map(&self) -> bool {
        fields(self).is_some()
    }

    fn is_filled(&self) -> bool {
        !self.items().is_empty() || fields(self).is_some_and(|map| !map.is_empty())
    }
}

/// The fields of a map.
pub(crate) fn fields(value: &Value) -> Option<&Map> {
    match value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

/// JSON as a value that renders to the same JSON.
#[must_use]
pub fn of(json: &serde_json::Value) -> Value {
    Value::from_json(json, Numbers::AsWritten)
}

/// JSON as a variable, whose numbers are doubles like those of all variables.
pub(crate) fn variable(json: &serde_json::Value) -> Value {
    Value::from_json(json, Numbers::Doubles)
}

/// A map of these fields.
pub(crate) fn record<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let entries = fields.map(|(name, value)| (Key::string(name), value));
    Value::map(Map::from_entries(entries.into()))
}

/// A map of those fields that are there; none when no field is.
pub(crate) fn some<const N: usize>(fields: [(&str, Option<Value>); N]) -> Option<Value> {
    let there = fields
        .into_iter()
        .filter_map(|(name, value)| Some((Key::string(name), value?)));
    let map = Map::from_entries(there.collect());
    (!map.is_empty()).then(|| Value::map(map))
}

/// A text, unless it is empty.
pub(crate) fn text(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| text.into())
}

/// A list of texts, unless it is empty.
pub(crate) fn texts(texts: &[String]) -> Option<Value> {
    let list = || Value::list(texts.iter().map(|text| text.as_str().into()).collect());
    (!texts.is_empty()).then(list)
}

/// The map at a path of fields, made with the maps on the way. What lies there and is no map is replaced, since no
/// object may have one there.
pub(crate) fn map_at<'a>(value: &'a mut Value, path: &[&str]) -> &'a mut Map {
    let mut at = map_of(value);
    for step in path {
        at = map_of(at.text_or_insert_with(step, || Value::map(Map::new())));
    }
    at
}

fn map_of(value: &mut Value) -> &mut Map {
    if fields(value).is_none() {
        *value = Value::map(Map::new());
    }
    match value {
        Value::Map(map) => Arc::make_mut(map),
        _ => unreachable!("made a map above"),
    }
}

/// Writes a value that is JSON as [`canonical`] has it.
pub(crate) fn write(value: &Value, out: &mut String) {
    match value {
        Value::Map(map) => write_map(map.iter(), out),
        Value::List(items) => canonical::write_list(items, out, write),
        Value::String(text) => canonical::write_string(text, out),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Double(double) => canonical::write_float(*double, out),
        // Writing to a text cannot fail.
        Value::Int(int) => drop(write!(out, "{int}")),
        Value::Uint(uint) => drop(write!(out, "{uint}")),
        _ => out.push_str("null"),
    }
}

/// The canonical text of a map without one of its fields.
pub(crate) fn text_without(value: &Value, field: &str) -> String {
    let mut out = String::with_capacity(1024);
    match fields(value) {
        Some(map) => {
            let others = map.iter().filter(|(key, _)| !is(key, field));
            write_map(others, &mut out);
        }
        None => write(value, &mut out),
    }
    out
}

fn is(key: &Key, text: &str) -> bool {
    matches!(key, Key::String(key) if **key == *text)
}

fn write_map<'a>(entries: impl Iterator<Item = (&'a Key, &'a Value)>, out: &mut String) {
    // What is JSON has text keys alone.
    let entries = entries.filter_map(|(key, value)| match key {
        Key::String(key) => Some((&**key, value)),
        _ => None,
    });
    canonical::write_entries(entries, out, write);
}

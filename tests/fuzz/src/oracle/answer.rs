//! What an engine says of an expression, in words that both share.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use cel::objects::{Key, OptionalValue};
use serde_json::Value as Json;

/// What an engine says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// A value.
    Value(Plain),
    /// The expression has no value; why is told in words, which are of no account.
    Fails(Why),
    /// The engine does not define the answer.
    Unknown,
}

/// Words about a failure: all are equal.
#[derive(Clone)]
pub(super) struct Why(pub(super) String);

impl PartialEq for Why {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value, without the ways in which an engine keeps it.
#[derive(Debug, Clone)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Plain>),
    /// By the text of the key, with its type.
    Map(BTreeMap<String, Plain>),
    Optional(Option<Box<Plain>>),
    /// What has no counterpart.
    Other(String),
}

impl PartialEq for Plain {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Int(one), Self::Int(other)) => one == other,
            (Self::Uint(one), Self::Uint(other)) => one == other,
            // What is no number is equal to itself here.
            (Self::Double(one), Self::Double(other)) => {
                one == other || one.is_nan() && other.is_nan()
            }
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Bytes(one), Self::Bytes(other)) => one == other,
            (Self::List(one), Self::List(other)) => one == other,
            (Self::Map(one), Self::Map(other)) => one == other,
            (Self::Optional(one), Self::Optional(other)) => one == other,
            (Self::Other(one), Self::Other(other)) => one == other,
            _ => false,
        }
    }
}

impl Answer {
    pub(super) fn failure(error: &dyn fmt::Display) -> Self {
        Self::Fails(Why(error.to_string()))
    }

    pub(super) fn of_ours(value: &expr::Value) -> Self {
        Self::Value(ours(value))
    }

    pub(super) fn of_theirs(value: &cel::Value) -> Self {
        Self::Value(theirs(value))
    }
}

fn ours(value: &expr::Value) -> Plain {
    use expr::Value;
    match value {
        Value::Null => Plain::Null,
        Value::Bool(truth) => Plain::Bool(*truth),
        Value::Int(int) => Plain::Int(*int),
        Value::Uint(uint) => Plain::Uint(*uint),
        Value::Double(double) => Plain::Double(*double),
        Value::String(text) => Plain::Text((**text).to_owned()),
        Value::Bytes(bytes) => Plain::Bytes(bytes.to_vec()),
        Value::List(items) => Plain::List(items.iter().map(ours).collect()),
        Value::Map(map) => Plain::Map(
            map.iter()
                .map(|(key, value)| (our_key(key), ours(value)))
                .collect(),
        ),
        Value::Optional(held) => Plain::Optional(held.as_deref().map(|held| Box::new(ours(held)))),
        // The oracle gives types as their names.
        Value::Type(kind) => Plain::Text(kind.name().to_owned()),
        Value::Timestamp(_) | Value::Duration(_) | Value::Opaque(_) | Value::Omit => {
            Plain::Other(format!("{value:?}"))
        }
    }
}

/// Integers of one value are one key, whatever their type.
fn our_key(key: &expr::Key) -> String {
    match key {
        expr::Key::String(text) => format!("{text:?}"),
        expr::Key::Bool(_) | expr::Key::Int(_) | expr::Key::Uint(_) => key.to_string(),
    }
}

fn theirs(value: &cel::Value) -> Plain {
    use cel::Value;
    match value {
        Value::Null => Plain::Null,
        Value::Bool(truth) => Plain::Bool(*truth),
        Value::Int(int) => Plain::Int(*int),
        Value::UInt(uint) => Plain::Uint(*uint),
        Value::Float(double) => Plain::Double(*double),
        Value::String(text) => Plain::Text((**text).clone()),
        Value::Bytes(bytes) => Plain::Bytes(bytes.to_vec()),
        Value::List(items) => Plain::List(items.iter().map(theirs).collect()),
        Value::Map(map) => Plain::Map(
            map.map
                .iter()
                .map(|(key, value)| (their_key(key), theirs(value)))
                .collect(),
        ),
        Value::Opaque(_) => match <&OptionalValue>::try_from(value) {
            Ok(held) => Plain::Optional(held.value().map(|held| Box::new(theirs(held)))),
            Err(_) => Plain::Other(format!("{value:?}")),
        },
        Value::Function(..) | Value::Struct(_) => Plain::Other(format!("{value:?}")),
    }
}

fn their_key(key: &Key) -> String {
    match key {
        Key::String(text) => format!("{text:?}"),
        Key::Bool(truth) => truth.to_string(),
        Key::Int(int) => int.to_string(),
        Key::Uint(uint) => uint.to_string(),
    }
}

/// A value of JSON for the oracle, whose own reader makes unsigned integers of all that are not negative.
pub(super) fn to_theirs(json: &Json) -> cel::Value {
    match json {
        Json::Null => cel::Value::Null,
        Json::Bool(truth) => cel::Value::Bool(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(int) => cel::Value::Int(int),
            None => cel::Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => cel::Value::String(Arc::new(text.clone())),
        Json::Array(items) => cel::Value::List(Arc::new(items.iter().map(to_theirs).collect())),
        Json::Object(map) => {
            let entries: HashMap<Key, cel::Value> = map
                .iter()
                .map(|(name, value)| (Key::String(Arc::new(name.clone())), to_theirs(value)))
                .collect();
            cel::Value::Map(entries.into())
        }
    }
}

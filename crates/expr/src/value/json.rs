//! Values from JSON and to JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value as Json};

use super::{Key, Map, Value, integral};
use crate::error::Error;

/// How numbers are read from JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// All numbers are doubles, as in every rendering context.
    Doubles,
    /// A number written without fraction and exponent is an integer.
    AsWritten,
}

/// Integers up to here have a double of their own, and are written as integers.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Value {
    /// The value of a JSON document.
    #[must_use]
    pub fn from_json(json: &Json, numbers: Numbers) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Bool(*truth),
            Json::Number(number) => from_number(number, numbers),
            Json::String(text) => Self::String(text.as_str().into()),
            Json::Array(items) => Self::list(
                items
                    .iter()
                    .map(|item| Self::from_json(item, numbers))
                    .collect(),
            ),
            Json::Object(fields) => Self::map(
                fields
                    .iter()
                    .map(|(name, field)| {
                        (Key::string(name.as_str()), Self::from_json(field, numbers))
                    })
                    .collect(),
            ),
        }
    }

    /// The JSON of a value; `None` for [`Value::Omit`], and for what holds a [`Value::Opaque`]. Omitted entries and
    /// items are left out at every level.
    ///
    /// A double without a fraction is written as an integer, a double that JSON cannot hold as its
    /// text, bytes as text where they are UTF-8 and in base64 otherwise, a time in RFC 3339, a
    /// span in nanoseconds, and an absent optional as `null`.
    #[must_use]
    pub fn to_json(&self) -> Option<Json> {
        self.write().ok().flatten()
    }

    /// [`Value::to_json`], told apart from what has no JSON.
    ///
    /// # Errors
    /// The value is or holds a [`Value::Opaque`].
    pub fn try_to_json(&self) -> Result<Option<Json>, Error> {
        self.write().map_err(|name| {
            Error::argument(format!("a value of type {name} cannot be written as JSON"))
        })
    }

    /// The error is the name of the type that has no JSON.
    fn write(&self) -> Result<Option<Json>, &'static str> {
        Ok(Some(match self {
            Self::Omit => return Ok(None),
            Self::Opaque(opaque) => return Err(opaque.type_name()),
            Self::Null | Self::Optional(None) => Json::Null,
            Self::Bool(truth) => Json::Bool(*truth),
            Self::Int(int) => Json::from(*int),
            Self::Uint(uint) => Json::from(*uint),
            Self::Double(double) => json_double(*double),
            Self::String(text) => Json::String(String::from(&**text)),
            Self::Bytes(bytes) => Json::String(bytes_text(bytes)),
            Self::List(items) => {
                let items = items.iter().filter_map(|item| item.write().transpose());
                Json::Array(items.collect::<Result<_, _>>()?)
            }
            Self::Map(map) => Json::Object(json_map(map)?),
            Self::Timestamp(time) => Json::String(time.to_string()),
            Self::Duration(span) => Json::from(span.nanoseconds()),
            Self::Type(kind) => Json::String(kind.name().into()),
            Self::Optional(Some(value)) => return value.write(),
        }))
    }
}

impl Value {
    /// What [`Value::to_json`] gives, still as a value, with its numbers read as told. What is JSON already is shared
    /// and not copied.
    #[must_use]
    pub fn to_json_form(&self, numbers: Numbers) -> Option<Self> {
        if self.is_json_form(numbers) {
            return Some(self.clone());
        }
        Some(match self {
            Self::Omit => return None,
            Self::Optional(None) => Self::Null,
            Self::Optional(Some(held)) => return held.to_json_form(numbers),
            Self::Int(int) => Self::Double(*int as f64),
            Self::Uint(uint) => Self::Double(*uint as f64),
            Self::List(items) => {
                let items = items.iter();
                Self::list(
                    items
                        .filter_map(|item| item.to_json_form(numbers))
                        .collect(),
                )
            }
            Self::Map(map) => {
                let entries = map.iter().filter_map(|(key, value)| {
                    let key = match key {
                        Key::String(_) => key.clone(),
                        other => Key::string(other.to_string()),
                    };
                    Some((key, value.to_json_form(numbers)?))
                });
                Self::map(entries.collect())
            }
            scalar => Self::from_json(&scalar.to_json()?, numbers),
        })
    }

    fn is_json_form(&self, numbers: Numbers) -> bool {
        match self {
            Self::Null | Self::Bool(_) | Self::String(_) => true,
            Self::Int(_) | Self::Uint(_) => numbers == Numbers::AsWritten,
            Self::Double(double) => double.is_finite(),
            Self::List(items) => items.iter().all(|item| item.is_json_form(numbers)),
            Self::Map(map) => map
                .iter()
                .all(|(key, value)| matches!(key, Key::String(_)) && value.is_json_form(numbers)),
            _ => false,
        }
    }
}

fn json_map(map: &Map) -> Result<serde_json::Map<String, Json>, &'static str> {
    map.iter()
        .filter_map(|(key, value)| {
            let value = value.write().transpose()?;
            Some(value.map(|value| (key.to_string(), value)))
        })
        .collect()
}

fn from_number(number: &Number, numbers: Numbers) -> Value {
    if numbers == Numbers::AsWritten {
        if let Some(int) = number.as_i64() {
            return Value::Int(int);
        }
        if let Some(uint) = number.as_u64() {
            return Value::Uint(uint);
        }
    }
    // Without arbitrary precision every JSON number has a double.
    number.as_f64().map_or(Value::Null, Value::Double)
}

fn json_double(double: f64) -> Json {
    match integral(double) {
        Some(int) if double.abs() < EXACT => Json::from(int),
        _ => Number::from_f64(double)
            .map_or_else(|| Json::String(super::double_text(double)), Json::Number),
    }
}

fn bytes_text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| STANDARD.encode(bytes), String::from)
}

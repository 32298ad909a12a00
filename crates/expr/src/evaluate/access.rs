//! Fields and indexes.

use super::no_overload;
use crate::error::Error;
use crate::value::{Key, Value};

/// `operand.field`. On an optional the result is an optional, absent where the field is.
pub(super) fn select(operand: &Value, field: &Key) -> Result<Value, Error> {
    match operand {
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(held)) => match &**held {
            Value::Map(map) => Ok(Value::optional(map.get(field).cloned())),
            _ => Err(Error::NoSuchKey(field.to_string())),
        },
        other => find(other, field).ok_or_else(|| Error::NoSuchKey(field.to_string())),
    }
}

/// `operand.?field`.
pub(super) fn optional_select(operand: &Value, field: &Key) -> Result<Value, Error> {
    optional_field(operand, field).map(|found| Value::optional(found.cloned()))
}

/// `has(operand.field)`.
pub(super) fn has(operand: &Value, field: &Key) -> Result<bool, Error> {
    optional_field(operand, field).map(|found| found.is_some())
}

/// A field that may be absent, of a value or of what an optional holds. A list has none: to ask one for a field is to
/// use a text as its index.
pub(super) fn optional_field<'v>(
    operand: &'v Value,
    field: &Key,
) -> Result<Option<&'v Value>, Error> {
    match held(operand) {
        Value::Map(map) => Ok(map.get(field)),
        Value::List(_) => Err(no_overload("_[_]", &[operand, &field.to_value()])),
        _ => Ok(None),
    }
}

/// `operand[index]`. On an optional the result is an optional, absent where the item is.
pub(super) fn index(operand: &Value, index: &Value) -> Result<Value, Error> {
    if let Value::Optional(held) = operand {
        return match held {
            Some(held) => at(held, index).map(Value::optional),
            None => Ok(Value::Optional(None)),
        };
    }
    let missing = || match (operand, index.as_integer()) {
        (Value::List(_), Some(position)) => Error::OutOfBounds(position),
        _ => Error::NoSuchKey(Key::of(index).map_or_else(String::new, |key| key.to_string())),
    };
    at(operand, index)?.ok_or_else(missing)
}

/// `operand[?index]`.
pub(super) fn optional_index(operand: &Value, index: &Value) -> Result<Value, Error> {
    at(held(operand), index).map(Value::optional)
}

fn find(operand: &Value, field: &Key) -> Option<Value> {
    match operand {
        Value::Map(map) => map.get(field).cloned(),
        _ => None,
    }
}

fn at(operand: &Value, index: &Value) -> Result<Option<Value>, Error> {
    match operand {
        Value::List(items) => {
            let position = index
                .as_integer()
                .ok_or_else(|| no_overload("_[_]", &[operand, index]))?;
            Ok(usize::try_from(position)
                .ok()
                .and_then(|position| items.get(position))
                .cloned())
        }
        Value::Map(map) => match index {
            Value::String(text) => Ok(map.get_text(text).cloned()),
            Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Double(_) => {
                Ok(Key::of(index).and_then(|key| map.get(&key)).cloned())
            }
            _ => Err(no_overload("_[_]", &[operand, index])),
        },
        _ => Ok(None),
    }
}

/// What an optional holds, or the value itself.
fn held(value: &Value) -> &Value {
    match value {
        Value::Optional(held) => held.as_deref().unwrap_or(&Value::Null),
        other => other,
    }
}

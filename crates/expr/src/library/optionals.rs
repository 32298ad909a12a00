//! Optional values.

use super::{Function, Outcome, global, items, member, mismatch};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    global("optional.of", &["T -> optional(T)"], |arguments, _| {
        Ok(Value::optional(arguments.first().cloned()))
    }),
    global("optional.none", &["-> optional(T)"], |_, _| {
        Ok(Value::Optional(None))
    }),
    global(
        "optional.ofNonZeroValue",
        &["T -> optional(T)"],
        |arguments, _| {
            Ok(Value::optional(
                arguments.first().filter(|value| !is_zero(value)).cloned(),
            ))
        },
    ),
    global("optional.unwrap", &["list(optional(T)) -> list(T)"], unwrap),
    member("unwrapOpt", &["list(optional(T)) -> list(T)"], unwrap),
    member("hasValue", &["optional(T) -> bool"], has_value),
    member("value", &["optional(T) -> T"], value),
    member(
        "or",
        &["optional(T), optional(T) -> optional(T)"],
        evaluated_in_place,
    ),
    member("orValue", &["optional(T), T -> T"], evaluated_in_place),
];

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::Int(int) => *int == 0,
        Value::Uint(uint) => *uint == 0,
        Value::Double(double) => *double == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Duration(span) => span.nanoseconds() == 0,
        Value::Timestamp(time) => time.nanoseconds() == 0,
        Value::Type(_) | Value::Optional(_) | Value::Opaque(_) | Value::Omit => false,
    }
}

fn unwrap(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let mut held = Vec::new();
    for item in items("unwrapOpt", arguments, 0)? {
        budget.slots(1)?;
        match item {
            Value::Optional(value) => held.extend(value.as_deref().cloned()),
            _ => return Err(mismatch("unwrapOpt", arguments)),
        }
    }
    Ok(Value::list(held))
}

fn has_value(arguments: &[Value], _: &mut Budget) -> Outcome {
    match arguments {
        [Value::Optional(held)] => Ok(Value::Bool(held.is_some())),
        _ => Err(mismatch("hasValue", arguments)),
    }
}

fn value(arguments: &[Value], _: &mut Budget) -> Outcome {
    match arguments {
        [Value::Optional(Some(held))] => Ok(Value::clone(held)),
        [Value::Optional(None)] => Err(Error::argument("optional.none() dereference")),
        _ => Err(mismatch("value", arguments)),
    }
}

/// Never called: the evaluator asks for what stands in only if nothing is held.
fn evaluated_in_place(arguments: &[Value], _: &mut Budget) -> Outcome {
    Err(mismatch("or", arguments))
}

//! Sizes, types and conversions.

use super::{Function, Outcome, global, member, mismatch, numerals};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::value::{Duration, Timestamp, Value, double_text};

pub(super) const FUNCTIONS: &[Function] = &[
    global(
        "size",
        &[
            "string -> int",
            "bytes -> int",
            "list(A) -> int",
            "map(A, B) -> int",
        ],
        size,
    ),
    member(
        "size",
        &[
            "string -> int",
            "bytes -> int",
            "list(A) -> int",
            "map(A, B) -> int",
        ],
        size,
    ),
    global("type", &["A -> type(A)"], |arguments, _| {
        Ok(Value::Type(only(arguments).type_of()))
    }),
    global("dyn", &["A -> dyn"], |arguments, _| {
        Ok(only(arguments).clone())
    }),
    global(
        "string",
        &[
            "string -> string",
            "bool -> string",
            "int -> string",
            "uint -> string",
            "double -> string",
            "bytes -> string",
            "timestamp -> string",
            "duration -> string",
        ],
        string,
    ),
    global("bytes", &["bytes -> bytes", "string -> bytes"], bytes),
    global("bool", &["bool -> bool", "string -> bool"], bool),
    global(
        "int",
        &[
            "int -> int",
            "uint -> int",
            "double -> int",
            "string -> int",
            "timestamp -> int",
            "duration -> int",
        ],
        int,
    ),
    global(
        "uint",
        &[
            "uint -> uint",
            "int -> uint",
            "double -> uint",
            "string -> uint",
        ],
        uint,
    ),
    global(
        "double",
        &[
            "double -> double",
            "int -> double",
            "uint -> double",
            "string -> double",
        ],
        double,
    ),
    global(
        "duration",
        &[
            "duration -> duration",
            "int -> duration",
            "string -> duration",
        ],
        duration,
    ),
    global(
        "timestamp",
        &[
            "timestamp -> timestamp",
            "int -> timestamp",
            "string -> timestamp",
        ],
        timestamp,
    ),
];

/// The argument of a function that takes one, which the table makes sure of.
fn only(arguments: &[Value]) -> &Value {
    arguments.first().unwrap_or(&Value::Null)
}

fn size(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let size = match only(arguments) {
        Value::String(text) => {
            budget.steps(text.len() / 64)?;
            text.chars().count()
        }
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        _ => return Err(mismatch("size", arguments)),
    };
    i64::try_from(size)
        .map(Value::Int)
        .map_err(|_| Error::Overflow("integer"))
}

pub(super) fn string(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let text = match only(arguments) {
        text @ Value::String(_) => return Ok(text.clone()),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(int) => int.to_string(),
        Value::Uint(uint) => uint.to_string(),
        Value::Double(double) => double_text(*double),
        Value::Timestamp(time) => time.to_string(),
        Value::Duration(span) => span.to_string(),
        Value::Opaque(opaque) => opaque.text().ok_or_else(|| mismatch("string", arguments))?,
        Value::Bytes(bytes) => {
            budget.bytes(bytes.len())?;
            let text = std::str::from_utf8(bytes)
                .map_err(|_| Error::argument("invalid UTF-8 in bytes, cannot convert to string"))?;
            text.to_owned()
        }
        _ => return Err(mismatch("string", arguments)),
    };
    Ok(Value::from(text))
}

fn bytes(arguments: &[Value], budget: &mut Budget) -> Outcome {
    match only(arguments) {
        bytes @ Value::Bytes(_) => Ok(bytes.clone()),
        Value::String(text) => {
            budget.bytes(text.len())?;
            Ok(Value::Bytes(text.as_bytes().into()))
        }
        _ => Err(mismatch("bytes", arguments)),
    }
}

fn bool(arguments: &[Value], _: &mut Budget) -> Outcome {
    match only(arguments) {
        truth @ Value::Bool(_) => Ok(truth.clone()),
        Value::String(text) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(Error::argument(
                "type conversion error from 'string' to 'bool'",
            )),
        },
        _ => Err(mismatch("bool", arguments)),
    }
}

fn int(arguments: &[Value], _: &mut Budget) -> Outcome {
    let int = match only(arguments) {
        Value::Int(int) => *int,
        Value::Uint(uint) => i64::try_from(*uint).map_err(|_| Error::Overflow("integer"))?,
        Value::Double(double) => numerals::double_to_int(*double)?,
        Value::Timestamp(time) => i64::try_from(time.nanoseconds().div_euclid(1_000_000_000))
            .map_err(|_| Error::Overflow("integer"))?,
        Value::Duration(span) => span.nanoseconds(),
        Value::String(text) => text
            .parse()
            .map_err(|_| Error::argument("type conversion error from 'string' to 'int'"))?,
        _ => return Err(mismatch("int", arguments)),
    };
    Ok(Value::Int(int))
}

fn uint(arguments: &[Value], _: &mut Budget) -> Outcome {
    let uint = match only(arguments) {
        Value::Uint(uint) => *uint,
        Value::Int(int) => u64::try_from(*int).map_err(|_| Error::Overflow("unsigned integer"))?,
        Value::Double(double) => numerals::double_to_uint(*double)?,
        Value::String(text) => text
            .parse()
            .map_err(|_| Error::argument("type conversion error from 'string' to 'uint'"))?,
        _ => return Err(mismatch("uint", arguments)),
    };
    Ok(Value::Uint(uint))
}

fn double(arguments: &[Value], _: &mut Budget) -> Outcome {
    let double = match only(arguments) {
        Value::Double(double) => *double,
        Value::Int(int) => *int as f64,
        Value::Uint(uint) => *uint as f64,
        Value::String(text) => text
            .parse()
            .map_err(|_| Error::argument("type conversion error from 'string' to 'double'"))?,
        _ => return Err(mismatch("double", arguments)),
    };
    Ok(Value::Double(double))
}

fn duration(arguments: &[Value], _: &mut Budget) -> Outcome {
    match only(arguments) {
        span @ Value::Duration(_) => Ok(span.clone()),
        Value::String(text) => Duration::parse(text).map(Value::Duration),
        Value::Int(nanoseconds) => Ok(Value::Duration(Duration::from_nanoseconds(*nanoseconds))),
        _ => Err(mismatch("duration", arguments)),
    }
}

fn timestamp(arguments: &[Value], _: &mut Budget) -> Outcome {
    match only(arguments) {
        time @ Value::Timestamp(_) => Ok(time.clone()),
        Value::String(text) => Timestamp::parse(text).map(Value::Timestamp),
        Value::Int(seconds) => {
            Timestamp::from_nanoseconds(i128::from(*seconds) * 1_000_000_000).map(Value::Timestamp)
        }
        _ => Err(mismatch("timestamp", arguments)),
    }
}

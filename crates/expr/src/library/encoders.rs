//! Base64.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::{Function, Outcome, global, mismatch, text};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    global("base64.encode", &["bytes -> string"], encode),
    global("base64.decode", &["string -> bytes"], decode),
];

fn encode(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let [Value::Bytes(bytes)] = arguments else {
        return Err(mismatch("base64.encode", arguments));
    };
    budget.bytes(bytes.len() / 3 * 4 + 4)?;
    Ok(Value::from(STANDARD.encode(bytes)))
}

/// Padding may be missing.
fn decode(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let text = text("base64.decode", arguments, 0)?;
    budget.bytes(text.len())?;
    let bytes = STANDARD
        .decode(text)
        .or_else(|_| STANDARD_NO_PAD.decode(text))
        .map_err(|_| Error::argument("illegal base64 data"))?;
    Ok(Value::Bytes(bytes.into()))
}

//! Base64.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

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

/// Reads what others write: padding may be missing, and the bits that fill up the last byte may be set.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Ends of lines are skipped.
fn decode(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let text = text("base64.decode", arguments, 0)?;
    budget.bytes(text.len())?;
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = LENIENT
        .decode(text)
        .map_err(|_| Error::argument("illegal base64 data"))?;
    Ok(Value::Bytes(bytes.into()))
}

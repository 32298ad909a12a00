//! `'…'.format([…])`.

use std::fmt::Write as _;

use super::{Outcome, items, text};
use crate::check::StaticType;
use crate::error::Error;
use crate::evaluate::Budget;
use crate::value::Value;

/// Digits after the point, at most; more would only be zeros.
const PRECISION: usize = 1000;

/// Replaces each clause of the first argument by the next item of the second.
pub(super) fn format(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let mut rest = text("format", arguments, 0)?;
    let mut values = items("format", arguments, 1)?.iter();
    let mut out = String::new();
    let mut position = 0_usize;
    while let Some(start) = rest.find('%') {
        out.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (clause, after) = Clause::parse(rest)?;
        rest = after;
        let value = values
            .next()
            .ok_or_else(|| Error::argument(format!("index {position} out of range")))?;
        position += 1;
        budget.compare(value)?;
        let before = out.len();
        clause.write(value, &mut out)?;
        budget.bytes(out.len() - before)?;
    }
    out.push_str(rest);
    budget.bytes(rest.len())?;
    Ok(Value::from(out))
}

/// What is wrong with a format that is known before evaluation, and with its items where their types are.
pub(crate) fn check(format: &str, items: Option<&[StaticType]>) -> Result<(), Error> {
    let mut rest = format;
    let mut position = 0_usize;
    while let Some(start) = rest.find('%') {
        rest = &rest[start + 1..];
        rest = match rest.strip_prefix('%') {
            Some(after) => after,
            None => {
                let (clause, after) = Clause::parse(rest)?;
                match items.map(|items| items.get(position)) {
                    None => {}
                    Some(None) => {
                        return Err(Error::argument(format!("index {position} out of range")));
                    }
                    Some(Some(item)) if clause.takes(item) => {}
                    Some(Some(item)) => {
                        let verb = clause.verb;
                        return Err(Error::argument(format!(
                            "error during formatting: %{verb} cannot format a value of type {item}"
                        )));
                    }
                }
                position += 1;
                after
            }
        };
    }
    Ok(())
}

struct Clause {
    precision: Option<usize>,
    verb: char,
}

impl Clause {
    /// Whether it may format values of a type.
    fn takes(&self, item: &StaticType) -> bool {
        use StaticType::{Bool, Bytes, Double, Dyn, Int, Opaque, String, Uint, Variable};
        match (self.verb, item) {
            // The type of types has no further name; what a library brings has no text.
            ('s', Opaque(opaque)) => &*opaque.0 == "type",
            ('s', _)
            | (_, Dyn | Variable(_) | Int | Uint)
            | ('d' | 'f' | 'e', Double)
            | ('b', Bool)
            | ('x' | 'X', Bytes | String) => true,
            (_, _) => false,
        }
    }

    fn parse(text: &str) -> Result<(Self, &str), Error> {
        let wrong =
            |what: &str| Error::argument(format!("could not parse formatting clause: {what}"));
        let (precision, rest) = match text.strip_prefix('.') {
            None => (None, text),
            Some(after) => {
                let end = after
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(after.len());
                let digits = after[..end]
                    .parse::<usize>()
                    .ok()
                    .filter(|digits| *digits <= PRECISION);
                let digits = digits.ok_or_else(|| wrong("invalid precision"))?;
                (Some(digits), &after[end..])
            }
        };
        let verb = rest
            .chars()
            .next()
            .ok_or_else(|| wrong("unexpected end of string"))?;
        if !matches!(verb, 's' | 'd' | 'f' | 'e' | 'b' | 'o' | 'x' | 'X') {
            return Err(wrong(&format!("unrecognized formatting clause \"{verb}\"")));
        }
        Ok((Self { precision, verb }, &rest[verb.len_utf8()..]))
    }

    fn write(&self, value: &Value, out: &mut String) -> Result<(), Error> {
        let wrong = || {
            Error::argument(format!(
                "error during formatting: %{} cannot format a value of type {}",
                self.verb,
                value.type_of().name()
            ))
        };
        match (self.verb, value) {
            ('s', value) => write_string(value, out).ok_or_else(wrong)?,
            ('d', Value::Int(int)) => push(out, int),
            ('d', Value::Uint(uint)) => push(out, uint),
            ('d' | 'f' | 'e', Value::Double(double)) if !double.is_finite() => {
                out.push_str(special(*double));
            }
            ('d', Value::Double(double)) => push(out, double),
            ('f', value) => {
                let double = as_double(value).ok_or_else(wrong)?;
                push(
                    out,
                    format_args!("{double:.*}", self.precision.unwrap_or(6)),
                );
            }
            ('e', value) => {
                let double = as_double(value).ok_or_else(wrong)?;
                out.push_str(&scientific(double, self.precision.unwrap_or(6)));
            }
            ('b', Value::Bool(truth)) => push(out, u8::from(*truth)),
            ('b' | 'o' | 'x' | 'X', Value::Int(int)) => {
                if *int < 0 {
                    out.push('-');
                }
                radix(self.verb, int.unsigned_abs(), out);
            }
            ('b' | 'o' | 'x' | 'X', Value::Uint(uint)) => radix(self.verb, *uint, out),
            ('x' | 'X', Value::String(text)) => hex(self.verb, text.as_bytes(), out),
            ('x' | 'X', Value::Bytes(bytes)) => hex(self.verb, bytes, out),
            _ => return Err(wrong()),
        }
        Ok(())
    }
}

/// Writing to a text cannot fail.
fn push(out: &mut String, value: impl std::fmt::Display) {
    let _ = write!(out, "{value}");
}

const fn special(double: f64) -> &'static str {
    if double.is_nan() {
        "NaN"
    } else if double > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn as_double(value: &Value) -> Option<f64> {
    match value {
        Value::Double(double) => Some(*double),
        Value::Int(int) => Some(*int as f64),
        Value::Uint(uint) => Some(*uint as f64),
        _ => None,
    }
}

/// Rust writes `1.5e3`, the format asks for `1.5e+03`.
fn scientific(double: f64, precision: usize) -> String {
    let text = format!("{double:.precision$e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let (sign, digits) = exponent
        .strip_prefix('-')
        .map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

fn radix(verb: char, magnitude: u64, out: &mut String) {
    match verb {
        'b' => push(out, format_args!("{magnitude:b}")),
        'o' => push(out, format_args!("{magnitude:o}")),
        'x' => push(out, format_args!("{magnitude:x}")),
        _ => push(out, format_args!("{magnitude:X}")),
    }
}

fn hex(verb: char, bytes: &[u8], out: &mut String) {
    for byte in bytes {
        if verb == 'x' {
            push(out, format_args!("{byte:02x}"));
        } else {
            push(out, format_args!("{byte:02X}"));
        }
    }
}

/// The text of a value under `%s`; `None` where it has none.
fn write_string(value: &Value, out: &mut String) -> Option<()> {
    match value {
        Value::String(text) => out.push_str(text),
        Value::Bool(truth) => push(out, truth),
        Value::Int(int) => push(out, int),
        Value::Uint(uint) => push(out, uint),
        Value::Double(double) if !double.is_finite() => out.push_str(special(*double)),
        Value::Double(double) => push(out, double),
        Value::Bytes(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
        Value::Null => out.push_str("null"),
        Value::Type(kind) => out.push_str(kind.name()),
        Value::Timestamp(time) => push(out, time),
        Value::Duration(span) => push(out, span),
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_string(item, out)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            let mut entries: Vec<_> = map
                .iter()
                .map(|(key, value)| (key.to_string(), value))
                .collect();
            entries.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push_str(&key);
                out.push_str(": ");
                write_string(value, out)?;
            }
            out.push('}');
        }
        Value::Optional(_) | Value::Opaque(_) | Value::Omit => return None,
    }
    Some(())
}

//! One template string, parsed.

use std::fmt::Write as _;

use serde_json::Value as Json;

use expr::{Environment, Program, Value};

use super::budget::{self, Spent};
use super::context::Context;
use super::error::{Error, Reason};
use super::scan::find_expressions;

/// A template string: its one expression, or text and expressions in turn.
#[derive(Debug)]
pub(super) enum Text {
    Literal(String),
    Whole(Compiled),
    Mixed(Vec<Part>),
}

#[derive(Debug)]
pub(super) enum Part {
    Literal(String),
    Expression(Compiled),
}

#[derive(Debug)]
pub(super) struct Compiled {
    source: String,
    program: Program,
}

impl Compiled {
    fn new(source: &str, environment: &Environment) -> Result<Self, Error> {
        let program = environment
            .compile(source)
            .map_err(|cause| Error::of_expression(source, cause))?;
        Ok(Self {
            source: source.to_owned(),
            program,
        })
    }

    fn evaluate(&self, context: &Context) -> Result<Value, Error> {
        context
            .evaluate(&self.program)
            .map_err(|cause| Error::of_expression(&self.source, cause))
    }
}

impl Text {
    pub(super) fn parse(text: &str, environment: &Environment) -> Result<Self, Error> {
        let found = find_expressions(text)?;
        match &*found {
            [] => return Ok(Self::Literal(text.to_owned())),
            [only] if text[only.start..only.end] == *text.trim() => {
                return Compiled::new(only.source, environment).map(Self::Whole);
            }
            _ => {}
        }
        let mut parts = Vec::with_capacity(2 * found.len() + 1);
        let mut from = 0;
        for expression in found {
            if expression.start > from {
                parts.push(Part::Literal(text[from..expression.start].to_owned()));
            }
            parts.push(Part::Expression(Compiled::new(
                expression.source,
                environment,
            )?));
            from = expression.end;
        }
        if from < text.len() {
            parts.push(Part::Literal(text[from..].to_owned()));
        }
        Ok(Self::Mixed(parts))
    }

    pub(super) fn evaluate(&self, context: &Context) -> Result<Value, Error> {
        match self {
            Self::Literal(text) => Ok(Value::from(text.as_str())),
            Self::Whole(compiled) => compiled.evaluate(context),
            Self::Mixed(parts) => {
                let mut text = String::with_capacity(64);
                for part in parts {
                    match part {
                        Part::Literal(literal) => text.push_str(literal),
                        Part::Expression(compiled) => {
                            let value = compiled.evaluate(context)?;
                            charge_written(&value, context)?;
                            interpolate(&value, &mut text);
                        }
                    }
                    if text.len() > MAX_TEXT {
                        return Err(Error::new(Reason::Limit {
                            limit: MAX_TEXT as u64,
                            unit: "bytes",
                        }));
                    }
                }
                Ok(Value::from(text))
            }
        }
    }

    pub(super) const fn program(&self) -> Option<&Program> {
        match self {
            Self::Whole(compiled) => Some(&compiled.program),
            Self::Literal(_) | Self::Mixed(_) => None,
        }
    }
}

/// Length of one interpolated text, in bytes: more than any resource may have.
const MAX_TEXT: usize = 4 << 20;

/// Charges what a value is when it is written. Values share their parts; written out, every use counts.
pub(super) fn charge_written(value: &Value, context: &Context) -> Result<(), Error> {
    context
        .charge(Spent::written(value))
        .map_err(Error::over_budget)
}

/// The text of a value inside of other text.
fn interpolate(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.push_str(text),
        Value::Bool(_) | Value::Int(_) | Value::Double(_) => out.push_str(&scalar(value)),
        Value::Bytes(_) => write_json(&Json::String(base64(value)), out),
        Value::Omit => out.push_str("{}"),
        other => write_json(&other.to_json().unwrap_or(Json::Null), out),
    }
}

/// The text of a number or boolean, as the language itself converts it.
fn scalar(value: &Value) -> String {
    match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Int(int) => int.to_string(),
        Value::Double(double) => expr::double_text(*double),
        _ => String::new(),
    }
}

/// Bytes inside of text are base64, as JSON writes them.
fn base64(value: &Value) -> String {
    match value {
        Value::Bytes(bytes) => data_encoding::BASE64.encode(bytes),
        _ => String::new(),
    }
}

/// Compact JSON with sorted keys, and `<`, `>`, `&` and the line separators escaped, as the
/// reference writes it.
fn write_json(json: &Json, out: &mut String) {
    match json {
        Json::String(text) => write_quoted(text, out),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(item, out);
            }
            out.push(']');
        }
        Json::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (index, (name, field)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_quoted(name, out);
                out.push(':');
                write_json(field, out);
            }
            out.push('}');
        }
        // Writing to a text cannot fail.
        Json::Null | Json::Bool(_) | Json::Number(_) => drop(write!(out, "{json}")),
    }
}

fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\x1f' => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("writing to a string cannot fail");
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// The name of a value's type in the reference's own messages.
pub(super) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::Optional(None) => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Uint(_) => "uint64",
        Value::Double(_) => "float64",
        Value::String(_) => "string",
        Value::Bytes(_) => "bytes",
        Value::List(_) => "list",
        Value::Map(_) => "map",
        Value::Optional(Some(held)) => go_type(held),
        other => other.type_of().name(),
    }
}

/// Longest text of a value in a message, in bytes.
const MAX_DESCRIBED: usize = 4096;

/// A value as messages show it: type and, if it is not long, text.
pub(super) fn described(value: &Value) -> String {
    let mut text = String::new();
    let mut spent = Spent::default();
    budget::written(value, MAX_DESCRIBED, &mut spent);
    if spent.bytes <= MAX_DESCRIBED {
        interpolate(value, &mut text);
    }
    format!("{}: {text}", go_type(value))
}

//! Text.

use super::format;
use super::{Function, Outcome, global, integer, items, member, mismatch, text};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    member(
        "contains",
        &["string, string -> bool"],
        |arguments, budget| {
            search("contains", arguments, budget, |text, part| {
                text.contains(part)
            })
        },
    ),
    member(
        "startsWith",
        &["string, string -> bool"],
        |arguments, budget| {
            search("startsWith", arguments, budget, |text, part| {
                text.starts_with(part)
            })
        },
    ),
    member(
        "endsWith",
        &["string, string -> bool"],
        |arguments, budget| {
            search("endsWith", arguments, budget, |text, part| {
                text.ends_with(part)
            })
        },
    ),
    member("charAt", &["string, int -> string"], char_at),
    member(
        "indexOf",
        &["string, string -> int", "string, string, int -> int"],
        index_of,
    ),
    member(
        "lastIndexOf",
        &["string, string -> int", "string, string, int -> int"],
        last_index_of,
    ),
    member(
        "join",
        &["list(string) -> string", "list(string), string -> string"],
        join,
    ),
    member("lowerAscii", &["string -> string"], |arguments, budget| {
        built(
            text("lowerAscii", arguments, 0)?.to_ascii_lowercase(),
            budget,
        )
    }),
    member("upperAscii", &["string -> string"], |arguments, budget| {
        built(
            text("upperAscii", arguments, 0)?.to_ascii_uppercase(),
            budget,
        )
    }),
    member("trim", &["string -> string"], |arguments, budget| {
        built(text("trim", arguments, 0)?.trim().to_owned(), budget)
    }),
    member(
        "reverse",
        &["string -> string", "list(T) -> list(T)"],
        reverse,
    ),
    member(
        "replace",
        &[
            "string, string, string -> string",
            "string, string, string, int -> string",
        ],
        replace,
    ),
    member(
        "split",
        &[
            "string, string -> list(string)",
            "string, string, int -> list(string)",
        ],
        split,
    ),
    member(
        "substring",
        &["string, int -> string", "string, int, int -> string"],
        substring,
    ),
    member("format", &["string, list(dyn) -> string"], format::format),
    global("strings.quote", &["string -> string"], quote),
];

/// Charges text that was built from charged text, and so is not much longer than that.
fn built(text: String, budget: &mut Budget) -> Outcome {
    budget.bytes(text.len())?;
    Ok(Value::from(text))
}

fn search(
    name: &str,
    arguments: &[Value],
    budget: &mut Budget,
    test: fn(&str, &str) -> bool,
) -> Outcome {
    let (subject, part) = (text(name, arguments, 0)?, text(name, arguments, 1)?);
    budget.steps(subject.len() / 64)?;
    Ok(Value::Bool(test(subject, part)))
}

/// The byte offset of a character, the end included.
fn offset(text: &str, character: i64) -> Option<usize> {
    let character = usize::try_from(character).ok()?;
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .nth(character)
}

fn out_of_range(index: i64) -> Error {
    Error::argument(format!("index out of range: {index}"))
}

fn char_at(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let subject = text("charAt", arguments, 0)?;
    let index = integer("charAt", arguments, 1)?;
    budget.steps(subject.len() / 64)?;
    let at = offset(subject, index).ok_or_else(|| out_of_range(index))?;
    let found = subject[at..].chars().next();
    Ok(Value::from(found.map(String::from).unwrap_or_default()))
}

/// The character index of a byte offset.
fn character(text: &str, at: usize) -> Value {
    Value::Int(i64::try_from(text[..at].chars().count()).unwrap_or(i64::MAX))
}

pub(super) fn index_of(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let (subject, part) = (
        text("indexOf", arguments, 0)?,
        text("indexOf", arguments, 1)?,
    );
    let from = if arguments.len() > 2 {
        integer("indexOf", arguments, 2)?
    } else {
        0
    };
    budget.steps(subject.len() / 16)?;
    if part.is_empty() && from >= 0 && arguments.len() < 3 {
        return Ok(Value::Int(from));
    }
    let start = offset(subject, from).ok_or_else(|| out_of_range(from))?;
    let found = subject[start..].find(part);
    Ok(found.map_or(Value::Int(-1), |at| character(subject, start + at)))
}

/// With a position, the last match that starts there or before.
pub(super) fn last_index_of(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let (subject, part) = (
        text("lastIndexOf", arguments, 0)?,
        text("lastIndexOf", arguments, 1)?,
    );
    budget.steps(subject.len() / 16)?;
    let end = if arguments.len() > 2 {
        let last = integer("lastIndexOf", arguments, 2)?;
        let at = offset(subject, last).ok_or_else(|| out_of_range(last))?;
        let mut end = (at + part.len()).min(subject.len());
        // No match ends inside of a character.
        while !subject.is_char_boundary(end) {
            end -= 1;
        }
        end
    } else {
        subject.len()
    };
    let found = subject[..end].rfind(part);
    Ok(found.map_or(Value::Int(-1), |at| character(subject, at)))
}

fn join(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let list = items("join", arguments, 0)?;
    let separator = if arguments.len() > 1 {
        text("join", arguments, 1)?
    } else {
        ""
    };
    let mut joined = String::new();
    for (index, item) in list.iter().enumerate() {
        let item = item.as_str().ok_or_else(|| mismatch("join", arguments))?;
        budget.step()?;
        budget.bytes(item.len() + separator.len())?;
        if index > 0 {
            joined.push_str(separator);
        }
        joined.push_str(item);
    }
    Ok(Value::from(joined))
}

/// Text by character; lists by item.
fn reverse(arguments: &[Value], budget: &mut Budget) -> Outcome {
    match arguments {
        [Value::String(text)] => built(text.chars().rev().collect(), budget),
        [Value::List(items)] => {
            budget.slots(items.len())?;
            Ok(Value::list(items.iter().rev().cloned().collect()))
        }
        _ => Err(mismatch("reverse", arguments)),
    }
}

fn replace(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let subject = text("replace", arguments, 0)?;
    let (old, new) = (
        text("replace", arguments, 1)?,
        text("replace", arguments, 2)?,
    );
    let limit = if arguments.len() > 3 {
        integer("replace", arguments, 3)?
    } else {
        -1
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    // An empty text to replace stands before every character and at the end.
    let places = if old.is_empty() {
        subject.len() + 1
    } else {
        subject.len() / old.len()
    };
    budget.steps(subject.len() / 16)?;
    budget.bytes(subject.len() + places.min(limit).saturating_mul(new.len()))?;
    Ok(Value::from(subject.replacen(old, new, limit)))
}

fn split(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let (subject, separator) = (text("split", arguments, 0)?, text("split", arguments, 1)?);
    let limit = if arguments.len() > 2 {
        integer("split", arguments, 2)?
    } else {
        -1
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    budget.bytes(subject.len())?;
    let parts: Vec<Value> = if limit == 0 {
        Vec::new()
    } else if separator.is_empty() {
        characters(subject, limit)
    } else {
        subject.splitn(limit, separator).map(Value::from).collect()
    };
    budget.slots(parts.len())?;
    Ok(Value::list(parts))
}

/// The characters of a text, the last part being all that is left at the limit.
fn characters(text: &str, limit: usize) -> Vec<Value> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if parts.len() + 1 == limit {
            parts.push(Value::from(rest));
            break;
        }
        let (one, after) = rest.split_at(first.len_utf8());
        parts.push(Value::from(one));
        rest = after;
    }
    parts
}

fn substring(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let subject = text("substring", arguments, 0)?;
    let start = integer("substring", arguments, 1)?;
    budget.bytes(subject.len())?;
    let from = offset(subject, start).ok_or_else(|| out_of_range(start))?;
    let to = if arguments.len() > 2 {
        let end = integer("substring", arguments, 2)?;
        offset(subject, end).ok_or_else(|| out_of_range(end))?
    } else {
        subject.len()
    };
    subject
        .get(from..to)
        .map(Value::from)
        .ok_or_else(|| Error::argument(format!("invalid substring range, start: {start}")))
}

fn quote(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let subject = text("strings.quote", arguments, 0)?;
    let mut quoted = String::with_capacity(subject.len() + 2);
    quoted.push('"');
    for c in subject.chars() {
        match c {
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0c' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0b' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    built(quoted, budget)
}

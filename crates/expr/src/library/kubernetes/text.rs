//! What regular expressions find in text.

use crate::evaluate::Budget;
use crate::library::{Function, Outcome, integer, member, regexes, text};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    member("find", &["string, string -> string"], find),
    member(
        "findAll",
        &[
            "string, string -> list(string)",
            "string, string, int -> list(string)",
        ],
        find_all,
    ),
];

/// The first match, or an empty text.
fn find(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let subject = text("find", arguments, 0)?;
    let pattern = regexes::pattern("find", subject, text("find", arguments, 1)?, budget)?;
    let found = pattern.find(subject).map_or("", |found| found.as_str());
    budget.bytes(found.len())?;
    Ok(Value::from(found))
}

/// All matches, or so many of them; less than none is all.
fn find_all(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let subject = text("findAll", arguments, 0)?;
    let pattern = regexes::pattern("findAll", subject, text("findAll", arguments, 1)?, budget)?;
    let limit = match arguments.len() {
        2 => -1,
        _ => integer("findAll", arguments, 2)?,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for part in pattern.find_iter(subject).take(limit) {
        budget.slots(1)?;
        budget.bytes(part.len())?;
        // Looking on from where a match ends may take the rest of the text each time.
        budget.steps((subject.len() - part.end()) / 64)?;
        found.push(Value::from(part.as_str()));
    }
    Ok(Value::list(found))
}

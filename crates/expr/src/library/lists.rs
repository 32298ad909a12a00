//! Lists.

use super::{Function, Outcome, global, integer, items, member};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::value::{Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    member("slice", &["list(T), int, int -> list(T)"], slice),
    member(
        "flatten",
        &[
            "list(list(T)) -> list(T)",
            "list(dyn) -> list(dyn)",
            "list(dyn), int -> list(dyn)",
        ],
        flatten,
    ),
    member(
        "sort",
        &[
            "list(int) -> list(int)",
            "list(uint) -> list(uint)",
            "list(double) -> list(double)",
            "list(bool) -> list(bool)",
            "list(duration) -> list(duration)",
            "list(timestamp) -> list(timestamp)",
            "list(string) -> list(string)",
            "list(bytes) -> list(bytes)",
        ],
        sort,
    ),
    member("distinct", &["list(T) -> list(T)"], distinct),
    member("first", &["list(T) -> optional(T)"], |arguments, _| {
        Ok(Value::optional(
            items("first", arguments, 0)?.first().cloned(),
        ))
    }),
    member("last", &["list(T) -> optional(T)"], |arguments, _| {
        Ok(Value::optional(
            items("last", arguments, 0)?.last().cloned(),
        ))
    }),
    global("lists.range", &["int -> list(int)"], range),
];

fn slice(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let list = items("slice", arguments, 0)?;
    let (start, end) = (
        integer("slice", arguments, 1)?,
        integer("slice", arguments, 2)?,
    );
    let bounds = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let part = bounds
        .and_then(|(start, end)| list.get(start..end))
        .ok_or_else(|| {
            Error::argument(format!(
                "cannot slice({start}, {end}), list is length {}",
                list.len()
            ))
        })?;
    budget.slots(part.len())?;
    Ok(Value::list(part.to_vec()))
}

fn flatten(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let list = items("flatten", arguments, 0)?;
    let depth = if arguments.len() > 1 {
        integer("flatten", arguments, 1)?
    } else {
        1
    };
    if depth < 0 {
        return Err(Error::argument("level must be non-negative"));
    }
    let mut flat = Vec::new();
    flatten_into(list, depth, &mut flat, budget)?;
    Ok(Value::list(flat))
}

fn flatten_into(
    list: &[Value],
    depth: i64,
    flat: &mut Vec<Value>,
    budget: &mut Budget,
) -> Result<(), Error> {
    budget.slots(list.len())?;
    for item in list {
        match item {
            Value::List(inner) if depth > 0 => flatten_into(inner, depth - 1, flat, budget)?,
            other => flat.push(other.clone()),
        }
    }
    Ok(())
}

/// Checks that values can be sorted: all of one type, and one that has an order.
///
/// # Errors
/// Says which of the two is not so.
pub(crate) fn sortable<'a>(keys: impl Iterator<Item = &'a Value>) -> Result<(), Error> {
    let mut first = None;
    for key in keys {
        let kind = key.type_of();
        if *first.get_or_insert(kind) != kind {
            return Err(Error::argument("list elements must have the same type"));
        }
        let ordered = matches!(
            kind,
            Type::Bool
                | Type::Int
                | Type::Uint
                | Type::Double
                | Type::String
                | Type::Bytes
                | Type::Timestamp
                | Type::Duration
        );
        if !ordered {
            return Err(Error::argument("list elements must be comparable"));
        }
    }
    Ok(())
}

fn sort(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let list = items("sort", arguments, 0)?;
    sortable(list.iter())?;
    // Twice over, since sorting compares more often than once.
    budget.slots(list.len())?;
    budget.slots(list.len())?;
    let mut sorted = list.clone();
    sorted.sort_by(Value::sort_order);
    Ok(Value::list(sorted))
}

fn distinct(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let list = items("distinct", arguments, 0)?;
    let mut distinct: Vec<Value> = Vec::new();
    for item in list {
        budget.slots(1)?;
        budget.steps(distinct.len())?;
        if !distinct.contains(item) {
            distinct.push(item.clone());
        }
    }
    Ok(Value::list(distinct))
}

fn range(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let count = integer("lists.range", arguments, 0)?.max(0);
    budget.slots(usize::try_from(count).unwrap_or(usize::MAX))?;
    Ok(Value::list((0..count).map(Value::Int).collect()))
}

//! More for lists.

use std::cmp::Ordering;

use crate::error::Error;
use crate::evaluate::{Budget, add};
use crate::library::{Function, Outcome, items, member, mismatch, strings};
use crate::value::{Duration, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    member(
        "isSorted",
        &[
            "list(int) -> bool",
            "list(uint) -> bool",
            "list(double) -> bool",
            "list(bool) -> bool",
            "list(duration) -> bool",
            "list(timestamp) -> bool",
            "list(string) -> bool",
            "list(bytes) -> bool",
        ],
        is_sorted,
    ),
    // The sum of nothing follows from what the list would hold; where that is not known, it is an integer.
    member("sum", &["list(int) -> int"], |arguments, budget| {
        sum(arguments, Value::Int(0), budget)
    }),
    member("sum", &["list(uint) -> uint"], |arguments, budget| {
        sum(arguments, Value::Uint(0), budget)
    }),
    member("sum", &["list(double) -> double"], |arguments, budget| {
        sum(arguments, Value::Double(0.0), budget)
    }),
    member(
        "sum",
        &["list(duration) -> duration"],
        |arguments, budget| {
            let nothing = Value::Duration(Duration::from_nanoseconds(0));
            sum(arguments, nothing, budget)
        },
    ),
    member("min", EXTREMES, |arguments, budget| {
        extreme("min", arguments, Ordering::Greater, budget)
    }),
    member("max", EXTREMES, |arguments, budget| {
        extreme("max", arguments, Ordering::Less, budget)
    }),
    member(
        "indexOf",
        &["list(A), A -> int"],
        |arguments, budget| match arguments {
            [Value::List(list), item] => position(arguments, budget, || {
                list.iter().position(|held| held == item)
            }),
            _ => strings::index_of(arguments, budget),
        },
    ),
    member(
        "lastIndexOf",
        &["list(A), A -> int"],
        |arguments, budget| match arguments {
            [Value::List(list), item] => position(arguments, budget, || {
                list.iter().rposition(|held| held == item)
            }),
            _ => strings::last_index_of(arguments, budget),
        },
    ),
];

const EXTREMES: &[&str] = &[
    "list(int) -> int",
    "list(uint) -> uint",
    "list(double) -> double",
    "list(bool) -> bool",
    "list(duration) -> duration",
    "list(timestamp) -> timestamp",
    "list(string) -> string",
    "list(bytes) -> bytes",
];

/// The items of a list, all of types that have an order.
fn ordered<'a>(
    name: &str,
    arguments: &'a [Value],
    budget: &mut Budget,
) -> Result<&'a [Value], Error> {
    let list = items(name, arguments, 0)?;
    for item in list {
        budget.step()?;
        budget.compare(item)?;
        // Not a number is ordered with nothing, but is of a type that has an order.
        if item.order(item).is_none() && !item.is_number() {
            return Err(mismatch(name, arguments));
        }
    }
    Ok(list)
}

/// Items of different types have no order, and so are in order.
fn is_sorted(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let list = ordered("isSorted", arguments, budget)?;
    let falls = |pair: &[Value]| pair[0].order(&pair[1]) == Some(Ordering::Greater);
    Ok(Value::Bool(!list.windows(2).any(falls)))
}

/// The first item that no other is beyond; `behind` is the order of one that is behind another.
fn extreme(name: &str, arguments: &[Value], behind: Ordering, budget: &mut Budget) -> Outcome {
    let list = ordered(name, arguments, budget)?;
    let found = list.iter().reduce(|found, item| {
        if found.order(item) == Some(behind) {
            item
        } else {
            found
        }
    });
    let none = || Error::argument(format!("{name} called on empty list"));
    found.cloned().ok_or_else(none)
}

/// The first item decides which sum it is.
fn sum(arguments: &[Value], nothing: Value, budget: &mut Budget) -> Outcome {
    let list = items("sum", arguments, 0)?;
    let start = match list.first() {
        None => nothing,
        Some(Value::Int(_)) => Value::Int(0),
        Some(Value::Uint(_)) => Value::Uint(0),
        Some(Value::Double(_)) => Value::Double(0.0),
        Some(Value::Duration(_)) => Value::Duration(Duration::from_nanoseconds(0)),
        Some(_) => return Err(mismatch("sum", arguments)),
    };
    budget.steps(list.len())?;
    list.iter().try_fold(start, |sum, item| add(&sum, item))
}

fn position(
    arguments: &[Value],
    budget: &mut Budget,
    find: impl FnOnce() -> Option<usize>,
) -> Outcome {
    arguments
        .iter()
        .try_for_each(|argument| budget.compare(argument))?;
    let index = find().and_then(|at| i64::try_from(at).ok());
    Ok(Value::Int(index.unwrap_or(-1)))
}

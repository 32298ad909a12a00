//! Lists as sets.

use super::{Function, Outcome, global, items};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    global("sets.contains", &["list(T), list(T) -> bool"], contains),
    global("sets.equivalent", &["list(T), list(T) -> bool"], equivalent),
    global("sets.intersects", &["list(T), list(T) -> bool"], intersects),
];

type Lists<'a> = (&'a [Value], &'a [Value]);

fn lists<'a>(
    function: &str,
    arguments: &'a [Value],
    budget: &mut Budget,
) -> Result<Lists<'a>, Error> {
    let (left, right) = (
        items(function, arguments, 0)?,
        items(function, arguments, 1)?,
    );
    budget.steps(left.len().saturating_mul(right.len()))?;
    Ok((left, right))
}

fn all(sub: &[Value], list: &[Value]) -> bool {
    sub.iter().all(|item| list.contains(item))
}

fn contains(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let (list, sub) = lists("sets.contains", arguments, budget)?;
    Ok(Value::Bool(all(sub, list)))
}

fn equivalent(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let (left, right) = lists("sets.equivalent", arguments, budget)?;
    Ok(Value::Bool(all(left, right) && all(right, left)))
}

fn intersects(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let (left, right) = lists("sets.intersects", arguments, budget)?;
    Ok(Value::Bool(left.iter().any(|item| right.contains(item))))
}

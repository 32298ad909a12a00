//! The order of quantities and of versions.

use std::cmp::Ordering;

use super::opaque;
use super::quantity::{self, Quantity};
use super::semver::Semver;
use crate::error::Error;
use crate::evaluate::Budget;
use crate::library::{Function, member};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    member(
        "compareTo",
        &[
            "kubernetes.Quantity, kubernetes.Quantity -> int",
            "kubernetes.Semver, kubernetes.Semver -> int",
        ],
        |arguments, budget| {
            order("compareTo", arguments, budget).map(|order| Value::Int(order as i64))
        },
    ),
    member("isGreaterThan", COMPARISONS, |arguments, budget| {
        order("isGreaterThan", arguments, budget).map(|order| Value::Bool(order.is_gt()))
    }),
    member("isLessThan", COMPARISONS, |arguments, budget| {
        order("isLessThan", arguments, budget).map(|order| Value::Bool(order.is_lt()))
    }),
];

const COMPARISONS: &[&str] = &[
    "kubernetes.Quantity, kubernetes.Quantity -> bool",
    "kubernetes.Semver, kubernetes.Semver -> bool",
];

fn order(name: &str, arguments: &[Value], budget: &mut Budget) -> Result<Ordering, Error> {
    if let Ok(version) = opaque::<Semver>(name, arguments, 0) {
        budget.compare(&arguments[0])?;
        return Ok(version.cmp(opaque(name, arguments, 1)?));
    }
    let left = opaque::<Quantity>(name, arguments, 0)?;
    quantity::compared(left, opaque(name, arguments, 1)?, budget)
}

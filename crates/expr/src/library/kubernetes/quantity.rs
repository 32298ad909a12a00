//! Amounts of resources such as `500m` and `2Gi`.
//!
//! An amount has one of two forms. What fits 64 bits is an integer and a power of ten; the rest is a decimal with nine
//! digits after the point. Which form it has can be seen: only the first may be an integer, and it must not have been
//! written with a fraction (`1.0`, `1000m`).

mod decimal;
mod parse;

use std::borrow::Cow;
use std::cmp::Ordering;

use super::opaque;
use crate::error::Error;
use crate::evaluate::Budget;
use crate::library::{Function, Outcome, global, integer, member, text};
use crate::value::{Opaque, Value};

use decimal::Decimal;

pub(super) const FUNCTIONS: &[Function] = &[
    global(
        "quantity",
        &["string -> kubernetes.Quantity"],
        |arguments, budget| {
            let read = parse::parse(text("quantity", arguments, 0)?, budget)?;
            let quantity = read.map_err(Error::argument)?;
            budget.bytes(quantity.size())?;
            Ok(Value::opaque(quantity))
        },
    ),
    global("isQuantity", &["string -> bool"], |arguments, budget| {
        let read = parse::parse(text("isQuantity", arguments, 0)?, budget)?;
        Ok(Value::Bool(read.is_ok()))
    }),
    global(
        "sign",
        &["kubernetes.Quantity -> int"],
        |arguments, budget| {
            let quantity = opaque::<Quantity>("sign", arguments, 0)?;
            let zero = Quantity::from(0);
            compared(quantity, &zero, budget).map(|order| Value::Int(order as i64))
        },
    ),
    member(
        "isInteger",
        &["kubernetes.Quantity -> bool"],
        |arguments, _| {
            let quantity = opaque::<Quantity>("isInteger", arguments, 0)?;
            Ok(Value::Bool(quantity.integer().is_some()))
        },
    ),
    member(
        "asInteger",
        &["kubernetes.Quantity -> int"],
        |arguments, _| {
            let integer = opaque::<Quantity>("asInteger", arguments, 0)?.integer();
            let wrong = || Error::argument("cannot convert value to integer");
            integer.map(Value::Int).ok_or_else(wrong)
        },
    ),
    member(
        "asApproximateFloat",
        &["kubernetes.Quantity -> double"],
        |arguments, budget| {
            let quantity = opaque::<Quantity>("asApproximateFloat", arguments, 0)?;
            budget.steps(quantity.size())?;
            Ok(Value::Double(quantity.float()))
        },
    ),
    member("add", SUMS, |arguments, budget| {
        sum("add", arguments, budget, i64::checked_add)
    }),
    member("sub", SUMS, |arguments, budget| {
        sum("sub", arguments, budget, i64::checked_sub)
    }),
];

const SUMS: &[&str] = &[
    "kubernetes.Quantity, kubernetes.Quantity -> kubernetes.Quantity",
    "kubernetes.Quantity, int -> kubernetes.Quantity",
];

/// An amount of something.
#[derive(Debug, Clone)]
pub(super) enum Quantity {
    /// `value × 10^scale`.
    Small { value: i64, scale: i32 },
    /// What does not fit.
    Large(Decimal),
}

impl Opaque for Quantity {
    fn type_name(&self) -> &'static str {
        "kubernetes.Quantity"
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        let other = other.downcast::<Self>();
        other.is_some_and(|other| self.cmp(other).is_eq())
    }

    fn size(&self) -> usize {
        match self {
            Self::Small { .. } => 0,
            Self::Large(decimal) => decimal.len(),
        }
    }
}

impl From<i64> for Quantity {
    fn from(value: i64) -> Self {
        Self::Small { value, scale: 0 }
    }
}

/// The order of two amounts.
pub(super) fn compared(
    left: &Quantity,
    right: &Quantity,
    budget: &mut Budget,
) -> Result<Ordering, Error> {
    budget.steps((left.size() + right.size()) / 64)?;
    Ok(left.cmp(right))
}

impl Quantity {
    fn decimal(&self) -> Cow<'_, Decimal> {
        match self {
            Self::Small { value, scale } => Cow::Owned(Decimal::new(*value, *scale)),
            Self::Large(decimal) => Cow::Borrowed(decimal),
        }
    }

    fn cmp(&self, other: &Self) -> Ordering {
        self.decimal().cmp(&other.decimal())
    }

    fn integer(&self) -> Option<i64> {
        match self {
            Self::Small { value, scale } => scaled(*value, i64::from(*scale)),
            Self::Large(_) => None,
        }
    }

    fn float(&self) -> f64 {
        match self {
            Self::Small { value, scale: 0 } => *value as f64,
            Self::Small { value, scale } => *value as f64 * decimal::power(*scale),
            Self::Large(decimal) => decimal.float(),
        }
    }

    /// The sum of two small amounts, if it is one.
    fn small_sum(&self, other: &Self, join: fn(i64, i64) -> Option<i64>) -> Option<Self> {
        let (
            Self::Small { value, scale },
            Self::Small {
                value: more,
                scale: its,
            },
        ) = (self, other)
        else {
            return None;
        };
        if *more == 0 {
            return Some(self.clone());
        }
        // Nothing has no scale of its own.
        let least = if *value == 0 { *its } else { *scale.min(its) };
        let level = |value: i64, scale: i32| match value {
            0 => Some(0),
            value => scaled(value, i64::from(scale) - i64::from(least)),
        };
        let value = join(level(*value, *scale)?, level(*more, *its)?)?;
        Some(Self::Small {
            value,
            scale: least,
        })
    }
}

/// `value × 10^scale`, if it is an integer of 64 bits.
fn scaled(value: i64, scale: i64) -> Option<i64> {
    match u32::try_from(scale) {
        Ok(_) if value == 0 => Some(0),
        Ok(scale) => value.checked_mul(10_i64.checked_pow(scale)?),
        Err(_) => None,
    }
}

/// A sum or a difference; the second argument may be an integer.
fn sum(
    name: &str,
    arguments: &[Value],
    budget: &mut Budget,
    join: fn(i64, i64) -> Option<i64>,
) -> Outcome {
    let left = opaque::<Quantity>(name, arguments, 0)?;
    let number;
    let right = match arguments.get(1) {
        Some(Value::Opaque(_)) => opaque::<Quantity>(name, arguments, 1)?,
        _ => {
            number = Quantity::from(integer(name, arguments, 1)?);
            &number
        }
    };
    let sum = match left.small_sum(right, join) {
        Some(sum) => sum,
        None => {
            let right = right.decimal();
            let right = if name == "sub" {
                Cow::Owned(right.negated())
            } else {
                right
            };
            Quantity::Large(left.decimal().plus(&right, budget)?)
        }
    };
    budget.bytes(sum.size())?;
    Ok(Value::opaque(sum))
}

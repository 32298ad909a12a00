//! Operators.

use std::sync::Arc;

use super::{Budget, no_overload};
use crate::error::Error;
use crate::program::{Arithmetic, Comparison};
use crate::value::{Duration, Timestamp, Value};

pub(super) fn not(operand: &Value) -> Result<Value, Error> {
    match operand {
        Value::Bool(truth) => Ok(Value::Bool(!truth)),
        other => Err(no_overload("!_", &[other])),
    }
}

pub(super) fn negate(operand: &Value) -> Result<Value, Error> {
    match operand {
        Value::Int(int) => int
            .checked_neg()
            .map(Value::Int)
            .ok_or(Error::Overflow("integer")),
        Value::Double(double) => Ok(Value::Double(-double)),
        Value::Duration(span) => {
            Duration::checked(-i128::from(span.nanoseconds())).map(Value::Duration)
        }
        other => Err(no_overload("-_", &[other])),
    }
}

/// Whether two values are equal. Those that a library brings are compared with their like alone, or with `null`.
pub(super) fn equal(left: &Value, right: &Value) -> Result<bool, Error> {
    let alike = left.type_of() == right.type_of() || matches!(right, Value::Null);
    if matches!(left, Value::Opaque(_)) && !alike {
        return Err(no_overload("_==_", &[left, right]));
    }
    Ok(left == right)
}

pub(super) fn compare(kind: Comparison, left: &Value, right: &Value) -> Result<Value, Error> {
    match left.order(right) {
        Some(order) => Ok(Value::Bool(kind.holds(order))),
        None if left.is_number() && right.is_number() => Err(Error::nan_order()),
        None => Err(no_overload("_<_", &[left, right])),
    }
}

pub(super) fn arithmetic(kind: Arithmetic, left: &Value, right: &Value) -> Result<Value, Error> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => int(kind, *left, *right).map(Value::Int),
        (Value::Uint(left), Value::Uint(right)) => uint(kind, *left, *right).map(Value::Uint),
        (Value::Double(left), Value::Double(right)) => double(kind, *left, *right),
        (Value::Double(left), Value::Int(right)) => double(kind, *left, *right as f64),
        (Value::Int(left), Value::Double(right)) => double(kind, *left as f64, *right),
        _ if kind == Arithmetic::Subtract => subtract_time(left, right),
        _ => Err(mismatch(kind, left, right)),
    }
}

fn mismatch(kind: Arithmetic, left: &Value, right: &Value) -> Error {
    let name = match kind {
        Arithmetic::Subtract => "_-_",
        Arithmetic::Multiply => "_*_",
        Arithmetic::Divide => "_/_",
        Arithmetic::Remainder => "_%_",
    };
    no_overload(name, &[left, right])
}

fn int(kind: Arithmetic, left: i64, right: i64) -> Result<i64, Error> {
    match kind {
        Arithmetic::Divide if right == 0 => return Err(Error::DivisionByZero),
        Arithmetic::Remainder if right == 0 => return Err(Error::ModulusByZero),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => left.checked_div(right),
        Arithmetic::Remainder => left.checked_rem(right),
    }
    .ok_or(Error::Overflow("integer"))
}

fn uint(kind: Arithmetic, left: u64, right: u64) -> Result<u64, Error> {
    match kind {
        Arithmetic::Divide if right == 0 => return Err(Error::DivisionByZero),
        Arithmetic::Remainder if right == 0 => return Err(Error::ModulusByZero),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => left.checked_div(right),
        Arithmetic::Remainder => left.checked_rem(right),
    }
    .ok_or(Error::Overflow("unsigned integer"))
}

/// A remainder needs integers: doubles without a fraction count as such.
fn double(kind: Arithmetic, left: f64, right: f64) -> Result<Value, Error> {
    Ok(Value::Double(match kind {
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => {
            let (left, right) = (Value::Double(left), Value::Double(right));
            let (Some(dividend), Some(divisor)) = (left.as_integer(), right.as_integer()) else {
                return Err(mismatch(kind, &left, &right));
            };
            int(kind, dividend, divisor)? as f64
        }
    }))
}

fn subtract_time(left: &Value, right: &Value) -> Result<Value, Error> {
    match (left, right) {
        (Value::Timestamp(left), Value::Timestamp(right)) => {
            Duration::checked(left.nanoseconds() - right.nanoseconds()).map(Value::Duration)
        }
        (Value::Timestamp(left), Value::Duration(right)) => {
            Timestamp::from_nanoseconds(left.nanoseconds() - i128::from(right.nanoseconds()))
                .map(Value::Timestamp)
        }
        (Value::Duration(left), Value::Duration(right)) => {
            Duration::checked(i128::from(left.nanoseconds()) - i128::from(right.nanoseconds()))
                .map(Value::Duration)
        }
        _ => Err(no_overload("_-_", &[left, right])),
    }
}

/// A sum in the making. Text, bytes and lists grow in place instead of being copied at each `+`.
pub(super) enum Sum {
    Value(Value),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
}

impl Sum {
    pub(super) const fn new(first: Value) -> Self {
        Self::Value(first)
    }

    pub(super) fn add(&mut self, value: Value, budget: &mut Budget) -> Result<(), Error> {
        self.grow(&value, budget)?;
        match (&mut *self, &value) {
            (Self::Text(text), Value::String(more)) => {
                budget.bytes(more.len())?;
                text.push_str(more);
            }
            (Self::Bytes(bytes), Value::Bytes(more)) => {
                budget.bytes(more.len())?;
                bytes.extend_from_slice(more);
            }
            (Self::List(items), Value::List(more)) => {
                budget.slots(more.len())?;
                items.extend_from_slice(more);
            }
            (Self::Value(sum), value) => *sum = add(sum, value)?,
            (Self::Text(_), value) => return Err(no_overload("_+_", &[&Value::from(""), value])),
            (Self::Bytes(_), value) => {
                return Err(no_overload("_+_", &[&Value::Bytes(Arc::from([])), value]));
            }
            (Self::List(_), value) => {
                return Err(no_overload("_+_", &[&Value::list(Vec::new()), value]));
            }
        }
        Ok(())
    }

    /// Turns a first operand that can be grown into its growing form.
    fn grow(&mut self, next: &Value, budget: &mut Budget) -> Result<(), Error> {
        let Self::Value(first) = self else {
            return Ok(());
        };
        let grown = match (&*first, next) {
            (Value::String(text), Value::String(_)) => Self::Text(String::from(&**text)),
            (Value::Bytes(bytes), Value::Bytes(_)) => Self::Bytes(bytes.to_vec()),
            (Value::List(items), Value::List(_)) => Self::List(items.to_vec()),
            _ => return Ok(()),
        };
        budget.built(first)?;
        *self = grown;
        Ok(())
    }

    pub(super) fn finish(self) -> Value {
        match self {
            Self::Value(value) => value,
            Self::Text(text) => Value::from(text),
            Self::Bytes(bytes) => Value::Bytes(bytes.into()),
            Self::List(items) => Value::list(items),
        }
    }
}

pub(crate) fn add(left: &Value, right: &Value) -> Result<Value, Error> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => left
            .checked_add(*right)
            .map(Value::Int)
            .ok_or(Error::Overflow("integer")),
        (Value::Uint(left), Value::Uint(right)) => left
            .checked_add(*right)
            .map(Value::Uint)
            .ok_or(Error::Overflow("unsigned integer")),
        (Value::Double(left), Value::Double(right)) => Ok(Value::Double(left + right)),
        (Value::Double(left), Value::Int(right)) => Ok(Value::Double(left + *right as f64)),
        (Value::Int(left), Value::Double(right)) => Ok(Value::Double(*left as f64 + right)),
        (Value::Timestamp(time), Value::Duration(span))
        | (Value::Duration(span), Value::Timestamp(time)) => {
            Timestamp::from_nanoseconds(time.nanoseconds() + i128::from(span.nanoseconds()))
                .map(Value::Timestamp)
        }
        (Value::Duration(left), Value::Duration(right)) => {
            Duration::checked(i128::from(left.nanoseconds()) + i128::from(right.nanoseconds()))
                .map(Value::Duration)
        }
        _ => Err(no_overload("_+_", &[left, right])),
    }
}

//! Equality and order across types, as the language defines them.

use std::cmp::Ordering;

use super::Value;

/// Equality of the language: numbers by value across their types, `NaN` equal to nothing, and
/// values of different types unequal rather than an error.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) | (Self::Omit, Self::Omit) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::String(left), Self::String(right)) => left == right,
            (Self::Bytes(left), Self::Bytes(right)) => left == right,
            (Self::List(left), Self::List(right)) => left == right,
            (Self::Map(left), Self::Map(right)) => left == right,
            (Self::Timestamp(left), Self::Timestamp(right)) => left == right,
            (Self::Duration(left), Self::Duration(right)) => left == right,
            (Self::Type(left), Self::Type(right)) => left == right,
            (Self::Optional(left), Self::Optional(right)) => left == right,
            (Self::Opaque(left), Self::Opaque(right)) => left.equals(&**right),
            _ => numbers(self, other) == Some(Ordering::Equal),
        }
    }
}

impl Value {
    /// The order of two values that have one: numbers across their types, text, bytes, booleans,
    /// times and spans. `None` for anything else, and for `NaN`.
    #[must_use]
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            (Self::String(left), Self::String(right)) => Some(left.cmp(right)),
            (Self::Bytes(left), Self::Bytes(right)) => Some(left.cmp(right)),
            (Self::Timestamp(left), Self::Timestamp(right)) => Some(left.cmp(right)),
            (Self::Duration(left), Self::Duration(right)) => Some(left.cmp(right)),
            _ => numbers(self, other),
        }
    }

    /// The order in which lists are sorted: as [`Value::order`], and `NaN` before all numbers, for sorting
    /// needs an order between any two.
    pub(crate) fn sort_order(&self, other: &Self) -> Ordering {
        let is_number = |value: &Self| !matches!(value, Self::Double(double) if double.is_nan());
        self.order(other)
            .unwrap_or_else(|| is_number(self).cmp(&is_number(other)))
    }

    /// Whether both values are numbers, which always compare though not always have an order.
    pub(crate) const fn is_number(&self) -> bool {
        matches!(self, Self::Int(_) | Self::Uint(_) | Self::Double(_))
    }
}

/// Between an integer and a double the integer is taken as its nearest double, as the language
/// defines it.
fn numbers(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Double(left), Value::Double(right)) => left.partial_cmp(right),
        (Value::Double(double), _) => double.partial_cmp(&(whole(right)? as f64)),
        (_, Value::Double(double)) => (whole(left)? as f64).partial_cmp(double),
        _ => Some(whole(left)?.cmp(&whole(right)?)),
    }
}

fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Int(int) => Some(i128::from(*int)),
        Value::Uint(uint) => Some(i128::from(*uint)),
        _ => None,
    }
}

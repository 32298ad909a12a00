//! What one render may cost, over all its templates, expressions and patches.
//!
//! The budget is counted in steps and bytes and never in time, so that the same snapshot is refused
//! everywhere or nowhere. A step takes some tens of nanoseconds, as `cargo xtask bench compile` shows, so that
//! the steps of a render are about 50 ms.

use expr::{Limits, Value};

/// Steps of one render.
pub(crate) const STEPS: u64 = 1_000_000;
/// Bytes of one render: text, and 16 to 32 for every value, that expressions build and templates give.
pub(crate) const BYTES: u64 = 16 << 20;

/// What a value counts for, beside its text.
pub(super) const VALUE: usize = 16;

/// The limits of a render unless a compiler is told others.
pub(crate) fn limits() -> Limits {
    Limits {
        steps: STEPS,
        bytes: BYTES,
        ..Limits::default()
    }
}

/// Work and memory that were used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    pub(crate) steps: usize,
    pub(crate) bytes: usize,
}

impl Spent {
    /// A value, and so many bytes of text in it.
    pub(crate) const fn value(text: usize) -> Self {
        Self {
            steps: 1,
            bytes: text.saturating_add(VALUE),
        }
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            steps: self.steps.saturating_add(other.steps),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }

    /// So many times as much.
    pub(crate) const fn times(self, count: usize) -> Self {
        Self {
            steps: self.steps.saturating_mul(count),
            bytes: self.bytes.saturating_mul(count),
        }
    }

    /// What a value is to write, as far as a budget goes.
    pub(crate) fn written(value: &Value) -> Self {
        let mut spent = Self::default();
        written(value, BYTES as usize, &mut spent);
        spent
    }

    /// What a JSON value is to copy.
    pub(crate) fn json(value: &serde_json::Value) -> Self {
        use serde_json::Value;

        match value {
            Value::String(text) => Self::value(text.len()),
            Value::Array(items) => items
                .iter()
                .fold(Self::value(0), |spent, item| spent.plus(Self::json(item))),
            Value::Object(map) => map.iter().fold(Self::value(0), |spent, (key, item)| {
                let item = Self::json(item);
                spent.plus(Self {
                    bytes: item.bytes.saturating_add(key.len()),
                    ..item
                })
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::value(0),
        }
    }
}

/// What a value is to write, where its parts may be shared: every use counts. It ends at `most`, since a
/// value of n levels may show 2^n of them.
pub(super) fn written(value: &Value, most: usize, spent: &mut Spent) {
    if spent.bytes > most {
        return;
    }
    let text = match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    *spent = spent.plus(Spent::value(text));
    match value {
        Value::List(items) => {
            for item in items.iter() {
                written(item, most, spent);
            }
        }
        Value::Map(map) => {
            for (key, value) in map.iter() {
                let key = match key {
                    expr::Key::String(key) => key.len(),
                    _ => 0,
                };
                spent.bytes = spent.bytes.saturating_add(key);
                written(value, most, spent);
            }
        }
        Value::Optional(Some(held)) => written(held, most, spent),
        _ => {}
    }
}

//! What is left of the limits during one evaluation.

use crate::error::Error;
use crate::limits::Limits;
use crate::value::Value;

/// What a list or map slot counts for, in bytes.
const SLOT: u64 = 32;

/// Steps and bytes that evaluations may still use.
#[derive(Debug, Clone)]
pub struct Budget {
    steps: u64,
    bytes: u64,
    limits: Limits,
    /// What steps and bytes are called where they run out.
    units: [&'static str; 2],
}

impl Budget {
    /// The budget of one expression.
    #[must_use]
    pub const fn new(limits: &Limits) -> Self {
        Self {
            steps: limits.steps,
            bytes: limits.bytes,
            limits: *limits,
            units: ["steps", "bytes"],
        }
    }

    /// One budget for all expressions that are evaluated within it, see [`crate::Program::evaluate_within`].
    #[must_use]
    pub const fn for_all(limits: &Limits) -> Self {
        Self {
            units: ["steps in all", "bytes in all"],
            ..Self::new(limits)
        }
    }

    /// Steps that are left.
    #[must_use]
    pub const fn steps_left(&self) -> u64 {
        self.steps
    }

    /// Bytes that are left.
    #[must_use]
    pub const fn bytes_left(&self) -> u64 {
        self.bytes
    }

    /// Charges one step.
    pub(crate) fn step(&mut self) -> Result<(), Error> {
        self.steps(1)
    }

    /// Charges work over so many elements.
    ///
    /// # Errors
    /// There are not as many steps left; none is taken.
    pub fn steps(&mut self, count: usize) -> Result<(), Error> {
        let left = self.steps.checked_sub(count as u64);
        self.steps = left.ok_or(Error::Limit {
            limit: self.limits.steps,
            unit: self.units[0],
        })?;
        Ok(())
    }

    /// Charges text or bytes to be built.
    ///
    /// # Errors
    /// There are not as many bytes left; none is taken.
    pub fn bytes(&mut self, count: usize) -> Result<(), Error> {
        let left = self.bytes.checked_sub(count as u64);
        self.bytes = left.ok_or(Error::Limit {
            limit: self.limits.bytes,
            unit: self.units[1],
        })?;
        Ok(())
    }

    /// Charges list or map slots to be built.
    pub(crate) fn slots(&mut self, count: usize) -> Result<(), Error> {
        self.steps(count)?;
        self.bytes(usize::try_from((count as u64).saturating_mul(SLOT)).unwrap_or(usize::MAX))
    }

    /// Charges the walk over a value, as comparing and copying it takes.
    pub(crate) fn compare(&mut self, value: &Value) -> Result<(), Error> {
        match value {
            Value::List(items) => {
                self.steps(items.len())?;
                items.iter().try_for_each(|item| self.compare(item))
            }
            Value::Map(map) => {
                self.steps(map.len())?;
                map.values().try_for_each(|value| self.compare(value))
            }
            // Text compares at memory speed: a step for each cache line.
            Value::String(text) => self.steps(text.len() / 64),
            Value::Bytes(bytes) => self.steps(bytes.len() / 64),
            Value::Opaque(opaque) => self.steps(opaque.size() / 64),
            Value::Optional(Some(value)) => self.compare(value),
            _ => Ok(()),
        }
    }

    /// Charges a value that a function has built.
    pub(crate) fn built(&mut self, value: &Value) -> Result<(), Error> {
        match value {
            Value::List(items) => self.slots(items.len()),
            Value::Map(map) => self.slots(map.len()),
            Value::String(text) => self.bytes(text.len()),
            Value::Bytes(bytes) => self.bytes(bytes.len()),
            Value::Opaque(opaque) => self.bytes(opaque.size()),
            _ => Ok(()),
        }
    }
}

//! The variables of a template.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value as Json};

use expr::{Bindings, Budget, Numbers, Program, Value};

use super::budget::{self, Spent};

/// The variables of a template, converted once, and what a render with them may cost. Cloning is cheap,
/// and so is adding a variable over the others, as every turn of a loop does; both share the budget.
#[derive(Debug, Clone)]
pub struct Context {
    bindings: Bindings,
    budget: Arc<Mutex<Budget>>,
}

impl Default for Context {
    fn default() -> Self {
        Self::over(Bindings::new())
    }
}

impl Context {
    /// No variables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The fields of an object as variables. Every number becomes a double, as in the reference.
    #[must_use]
    pub fn from_json(variables: &Map<String, Json>) -> Self {
        Self::from_json_with(variables, Numbers::Doubles)
    }

    /// The fields of an object as variables, their numbers read as told.
    #[must_use]
    pub fn from_json_with(variables: &Map<String, Json>, numbers: Numbers) -> Self {
        let values = variables
            .iter()
            .map(|(name, value)| (name.as_str(), Value::from_json(value, numbers)));
        Self::over(Bindings::new().with_all(values))
    }

    /// These values as variables.
    #[must_use]
    pub fn from_values(values: Vec<(&str, Value)>) -> Self {
        Self::over(Bindings::new().with_all(values))
    }

    /// These variables with a budget of their own.
    #[must_use]
    pub fn within(&self, limits: &expr::Limits) -> Self {
        Self {
            bindings: self.bindings.clone(),
            budget: Arc::new(Mutex::new(Budget::for_all(limits))),
        }
    }

    fn over(bindings: Bindings) -> Self {
        Self {
            bindings,
            budget: Arc::new(Mutex::new(Budget::for_all(&budget::limits()))),
        }
    }

    /// These variables, and one more. It hides an earlier one of the same name.
    #[must_use]
    pub fn with(&self, name: &str, value: &Json) -> Self {
        self.with_value(name, Value::from_json(value, Numbers::Doubles))
    }

    /// These variables, and one more whose value is at hand.
    #[must_use]
    pub fn with_value(&self, name: impl Into<Arc<str>>, value: Value) -> Self {
        Self {
            bindings: self.bindings.with(name, value),
            budget: Arc::clone(&self.budget),
        }
    }

    /// The value of a variable.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Value> {
        self.bindings.find(name)
    }

    /// Every name in scope, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.bindings.names()
    }

    /// The value of a program, at the cost of the budget.
    pub(super) fn evaluate(&self, program: &Program) -> Result<Value, expr::Error> {
        program.evaluate_within(&self.bindings, &mut self.budget())
    }

    /// Takes from the budget what work outside of expressions costs.
    ///
    /// # Errors
    /// There is not as much left.
    pub(crate) fn charge(&self, spent: Spent) -> Result<(), expr::Error> {
        let mut budget = self.budget();
        budget.steps(spent.steps)?;
        budget.bytes(spent.bytes)
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

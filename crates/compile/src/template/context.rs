//! The variables of a template.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use expr::{Bindings, Numbers, Value};

/// The variables of a template, converted once. Cloning is cheap, and so is adding a variable over
/// the others, as every turn of a loop does.
#[derive(Debug, Clone, Default)]
pub struct Context {
    bindings: Bindings,
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
        Self {
            bindings: Bindings::new().with_all(values),
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

    pub(super) const fn bindings(&self) -> &Bindings {
        &self.bindings
    }
}

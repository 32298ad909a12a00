//! Conditions of readiness.

use std::sync::{Arc, Mutex, PoisonError};

/// A condition of readiness that is opened and closed by hand. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Mutex<Option<String>>>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Some("not yet".to_owned()))))
    }
}

impl Gate {
    /// The condition holds.
    pub fn open(&self) {
        self.set(None);
    }

    /// The condition does not hold, for this reason.
    pub fn close(&self, reason: impl Into<String>) {
        self.set(Some(reason.into()));
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let reason = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reason.clone().map_or(Ok(()), Err)
    }

    fn set(&self, reason: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}

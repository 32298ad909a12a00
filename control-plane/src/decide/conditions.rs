//! Setting conditions with the time and generation of the decision.

use compile::assemble::Refused;
use model::{Condition, ConditionStatus, Conditions, Kind};

use crate::world::{Object, World};

/// Reason and message of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Because {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

impl Because {
    pub(crate) fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}

impl From<Refused> for Because {
    fn from(refused: Refused) -> Self {
        Self::new(refused.reason, refused.message)
    }
}

/// Sets conditions of one object.
pub(super) struct Setter<'a> {
    now: jiff::Timestamp,
    generation: u64,
    conditions: &'a mut Conditions,
}

impl<'a> Setter<'a> {
    pub(super) fn new<K: Kind>(
        object: &Object<K>,
        world: &World<'_>,
        conditions: &'a mut Conditions,
    ) -> Self {
        Self {
            now: world.now(),
            generation: object.generation(),
            conditions,
        }
    }

    pub(super) fn set(
        &mut self,
        condition_type: &str,
        status: ConditionStatus,
        reason: &str,
        message: impl Into<String>,
    ) {
        self.conditions.set(Condition {
            condition_type: condition_type.to_owned(),
            status,
            reason: reason.to_owned(),
            message: message.into(),
            last_transition_time: self.now,
            observed_generation: self.generation,
        });
    }

    pub(super) fn hold(&mut self, condition_type: &str, because: Because) {
        self.set(
            condition_type,
            ConditionStatus::True,
            because.reason,
            because.message,
        );
    }

    pub(super) fn fail(&mut self, condition_type: &str, because: Because) {
        self.set(
            condition_type,
            ConditionStatus::False,
            because.reason,
            because.message,
        );
    }

    pub(super) fn remove(&mut self, condition_type: &str) {
        self.conditions.remove(condition_type);
    }

    pub(super) fn conditions(&self) -> &Conditions {
        self.conditions
    }
}

//! Conditions of an object, in the shape of Kubernetes.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a condition says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody can say now.
    Unknown,
}

/// What the type of a condition looks like: a word, after a DNS name and a slash if it is foreign.
const TYPE: &str = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$";
/// What the reason of a condition looks like.
const REASON: &str = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$";

/// One observation about an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What is observed, in CamelCase.
    #[serde(rename = "type")]
    #[schemars(length(max = 316), regex(pattern = TYPE))]
    pub condition_type: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, for programs: CamelCase.
    #[schemars(length(min = 1, max = 1024), regex(pattern = REASON))]
    pub reason: String,
    /// Why, for people.
    #[schemars(length(max = 32768))]
    pub message: String,
    /// When `status` last changed.
    #[schemars(schema_with = "crate::schema::time")]
    pub last_transition_time: Timestamp,
    /// Generation of the object that was looked at.
    #[serde(default, skip_serializing_if = "crate::schema::is_zero")]
    pub observed_generation: u64,
}

/// The conditions of an object, at most one of each type, in the order in which they were first set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Conditions(Vec<Condition>);

impl Conditions {
    /// Sets `new`; its transition time is kept from the present condition unless the status moves.
    pub fn set(&mut self, mut new: Condition) {
        match self
            .0
            .iter_mut()
            .find(|old| old.condition_type == new.condition_type)
        {
            Some(old) => {
                if old.status == new.status {
                    new.last_transition_time = old.last_transition_time;
                }
                *old = new;
            }
            None => self.0.push(new),
        }
    }

    /// Removes the condition of this type.
    pub fn remove(&mut self, condition_type: &str) {
        self.0
            .retain(|condition| condition.condition_type != condition_type);
    }

    /// The condition of this type.
    #[must_use]
    pub fn find(&self, condition_type: &str) -> Option<&Condition> {
        self.0
            .iter()
            .find(|condition| condition.condition_type == condition_type)
    }

    /// Whether the condition of this type is `True`.
    #[must_use]
    pub fn is_true(&self, condition_type: &str) -> bool {
        self.find(condition_type)
            .is_some_and(|condition| condition.status == ConditionStatus::True)
    }

    /// All conditions.
    pub fn iter(&self) -> impl Iterator<Item = &Condition> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

//! The condition `Ready` of bindings: the first of the others that does not hold (reference 2.2, 2.10).
//!
//! Part of step 5 (decide). Pure: conditions in, what to say out.

use model::{ConditionStatus, Conditions};

/// What `Ready` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Whether it holds.
    pub holds: bool,
    /// Its reason.
    pub reason: String,
    /// Its message.
    pub message: String,
}

impl Ready {
    fn new(holds: bool, reason: &str, message: &str) -> Self {
        Self {
            holds,
            reason: reason.to_owned(),
            message: message.to_owned(),
        }
    }
}

/// A condition that must hold, and what its absence means: reason and message, or nothing.
type Needed = (&'static str, Option<(&'static str, &'static str)>);

const RELEASE: &[Needed] = &[
    (
        "ReleaseSynced",
        Some(("ReleaseSynced", "Release is not synced")),
    ),
    ("ConnectionsResolved", None),
    ("ResourceDependenciesReady", None),
    (
        "ResourcesReady",
        Some(("ResourcesProgressing", "Resources are being evaluated")),
    ),
];

const RESOURCE: &[Needed] = &[
    (
        "Synced",
        Some(("SyncedNotReady", "Synced has not been evaluated yet")),
    ),
    (
        "ResourcesReady",
        Some((
            "SyncedNotReady",
            "ResourcesReady has not been evaluated yet",
        )),
    ),
    (
        "OutputsResolved",
        Some((
            "SyncedNotReady",
            "OutputsResolved has not been evaluated yet",
        )),
    ),
];

/// `Ready` of a release binding.
#[must_use]
pub fn release_binding(conditions: &Conditions) -> Ready {
    first_failing(RELEASE, conditions)
        .unwrap_or_else(|| Ready::new(true, "Ready", "ReleaseBinding is ready"))
}

/// `Ready` of a resource release binding.
#[must_use]
pub fn resource_release_binding(conditions: &Conditions) -> Ready {
    first_failing(RESOURCE, conditions)
        .unwrap_or_else(|| Ready::new(true, "Ready", "ResourceReleaseBinding is ready"))
}

fn first_failing(needed: &[Needed], conditions: &Conditions) -> Option<Ready> {
    needed.iter().find_map(|(name, absent)| {
        let Some(condition) = conditions.find(name) else {
            return absent.map(|(reason, message)| Ready::new(false, reason, message));
        };
        (condition.status != ConditionStatus::True)
            .then(|| Ready::new(false, &condition.reason, &condition.message))
    })
}

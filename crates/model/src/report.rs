//! What an agent says about a unit: the whole of it, each time; the last word counts.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{PlaneName, Target, UnitId, UnitRevision};

/// How an object fares.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub enum Health {
    /// As it should be.
    Healthy,
    /// Stopped on purpose.
    Suspended,
    /// On its way.
    Progressing,
    /// Nobody can say: not there yet, or of a kind that nobody understands.
    #[default]
    Unknown,
    /// Not as it should be, and not on its way.
    Degraded,
}

/// How far an agent is with a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UnitPhase {
    /// Accepted; objects are being written, or wait for another unit.
    Applying,
    /// Every object is as the bundle says.
    Applied,
    /// An object could not be written; `message` says which and why. The agent keeps trying.
    Failed,
    /// A tombstone was accepted; objects are going.
    Deleting,
    /// A tombstone was carried out to the end.
    Deleted,
}

/// One object of a unit in its cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReport {
    /// [`crate::BundleObject::id`].
    pub id: String,
    /// API group; empty for the core group.
    #[serde(default)]
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Namespace; absent for cluster-scoped objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
    /// How it fares.
    pub health: Health,
    /// Why, or what went wrong when writing it; never holds secret values.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Whether the last attempt to write it failed, or a [`crate::Policy::Once`] object vanished.
    #[serde(default)]
    pub failed: bool,
    /// The live `.status`, where the bundle asks for it; bounded to 16 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
    /// When this was first seen in this form.
    pub observed_at: Timestamp,
}

/// A unit as an agent sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The unit.
    pub unit: UnitId,
    /// The plane that reports.
    pub plane: PlaneName,
    /// Session of the agent: reports of an older session are dropped.
    pub epoch: u64,
    /// Number of the report within the session: an older one never overwrites a newer one.
    pub sequence: u64,
    /// The head that the agent works on.
    pub revision: UnitRevision,
    /// What that head says.
    pub target: Target,
    /// How far it is.
    pub phase: UnitPhase,
    /// Why, when it is not `Applied` or `Deleted`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Every object of the unit, in the order of the bundle.
    #[serde(default)]
    pub objects: Vec<ObjectReport>,
}

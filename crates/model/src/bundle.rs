//! The bundle: what a unit is in its cluster, compiled, immutable and named by its digest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Digest, UnitId, canonical};

/// How an agent treats an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Policy {
    /// Kept as rendered: drift is healed, and it goes with its bundle.
    #[default]
    Managed,
    /// Created once and never again: its start is recorded first, and one that vanished is `Lost`.
    Once,
    /// Managed while wanted, left alone when no longer wanted. Without an owner label it is shared by units: made by the
    /// first that names it, and left as it is from then on.
    Keep,
}

/// One object of a bundle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleObject {
    /// Name of the object within the unit, stable across releases: `deployment-greeter` or the id of
    /// its template.
    pub id: String,
    /// How the agent treats it.
    #[serde(default)]
    pub policy: Policy,
    /// Whether reports carry the object's live `.status` (resource outputs, readiness, endpoints).
    #[serde(default)]
    pub report_status: bool,
    /// The parts of that `.status` which are asked for, as JSON pointers below it, sorted; empty: all
    /// of it. They do not go through lists, and reports may carry more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status_paths: Vec<String>,
    /// The whole Kubernetes object, namespace and owner labels included.
    pub object: Value,
}

/// What a unit is in its cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle {
    /// The unit.
    pub unit: UnitId,
    /// Units that must be applied before this one, such as the cell of a component's project.
    #[serde(default)]
    pub requires: Vec<UnitId>,
    /// Features that the agent must understand; it refuses a bundle that lists another.
    #[serde(default)]
    pub features: Vec<String>,
    /// The objects, in the order in which the compiler sorted them.
    pub objects: Vec<BundleObject>,
}

impl Bundle {
    /// The text that is stored, shipped and hashed.
    #[must_use]
    pub fn to_text(&self) -> String {
        canonical::to_string(&serde_json::to_value(self).expect("a bundle has string keys"))
    }

    /// The digest of [`Self::to_text`], by which heads name this bundle.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.to_text().as_bytes())
    }
}

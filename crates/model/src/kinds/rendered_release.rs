//! Rendered releases: what bindings render to and how it fares. Never stored: a projection of head,
//! bundle and report.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{immutable, template::TargetPlane};
use crate::{Conditions, Diagnostics, Kind, KindName, Scope, schema};

/// A length of time as Go writes it, as `1m30s`.
const DURATION: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$";

/// Spec of a rendered release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenderedRelease {
    /// Who it belongs to; immutable.
    pub owner: RenderedReleaseOwner,
    /// The environment.
    #[schemars(length(min = 1))]
    pub environment_name: String,
    /// Which plane of the environment receives the objects.
    #[serde(default)]
    pub target_plane: TargetPlane,
    /// The objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<RenderedObject>,
    /// How often settled objects are looked at; without effect, since agents watch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = DURATION))]
    pub interval: Option<String>,
    /// How often other objects are looked at; without effect, since agents watch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = DURATION))]
    pub progressing_interval: Option<String>,
}

/// Who a rendered release belongs to: a component, a resource, or else the project itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenderedReleaseOwner {
    /// The project.
    #[schemars(length(min = 1))]
    pub project_name: String,
    /// The component; excludes `resourceName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component_name: Option<String>,
    /// The resource; excludes `componentName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenderedObject {
    /// Name of the object within the release.
    #[schemars(length(min = 1))]
    pub id: String,
    /// The object.
    pub object: Value,
}

/// Status of a rendered release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RenderedReleaseStatus {
    /// `ResourcesApplied`, `Finalizing`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// How its objects fare.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<RenderedObjectStatus>,
}

/// How one object fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RenderedObjectStatus {
    /// Name of the object within the release.
    #[schemars(length(min = 1))]
    pub id: String,
    /// API group; absent for the core group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// API version.
    #[schemars(length(min = 1))]
    pub version: String,
    /// Kind.
    #[schemars(length(min = 1))]
    pub kind: String,
    /// Name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Namespace; absent for cluster-scoped objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The live `.status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
    /// How it fares, as [`crate::Health`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_status: Option<String>,
    /// When that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub last_observed_time: Option<Timestamp>,
}

impl Kind for RenderedRelease {
    const NAME: KindName = KindName::RenderedRelease;
    type Status = RenderedReleaseStatus;

    fn validate(&self, old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        let rule = "spec.owner is immutable";
        immutable::check(
            old.map(|old| &old.owner),
            &self.owner,
            "spec.owner",
            rule,
            diagnostics,
        );
        if self.owner.component_name.is_some() && self.owner.resource_name.is_some() {
            diagnostics.push(
                "spec.owner",
                "componentName and resourceName both cannot be set",
            );
        }
    }
}

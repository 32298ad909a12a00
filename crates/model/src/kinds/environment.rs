//! Environments: where components run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{gateway::Gateway, reference::DataPlaneRef};
use crate::{Conditions, Kind, KindName, Scope, schema};

/// Spec of an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Environment {
    /// The data plane; absent: the one named `default`. Immutable once set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_plane_ref: Option<DataPlaneRef>,
    /// Gateways that differ from those of the data plane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Gateway>,
    /// Whether it serves real users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_production: Option<bool>,
}

/// Status of an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentStatus {
    /// Generation that was looked at last.
    #[serde(default, skip_serializing_if = "schema::is_zero")]
    pub observed_generation: u64,
    /// `Ready`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
}

impl Kind for Environment {
    const NAME: KindName = KindName::Environment;
    const SHORT_NAMES: &'static [(Scope, &'static str)] =
        &[(Scope::Namespaced, "env"), (Scope::Namespaced, "envs")];
    const FINALIZER: Option<&'static str> = Some("openchoreo.dev/environment-cleanup");
    type Status = EnvironmentStatus;
}

//! Deployment pipelines: the order in which releases are promoted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::EnvironmentRef;
use crate::{Conditions, Kind, KindName, Scope, schema};

/// Spec of a deployment pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentPipeline {
    /// Which environment is followed by which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promotion_paths: Vec<PromotionPath>,
}

/// An environment and those that follow it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PromotionPath {
    /// From where releases are promoted.
    pub source_environment_ref: EnvironmentRef,
    /// To where they are promoted.
    pub target_environment_refs: Vec<EnvironmentRef>,
}

/// Status of a deployment pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentPipelineStatus {
    /// Generation that was looked at last.
    #[serde(default, skip_serializing_if = "schema::is_zero")]
    pub observed_generation: u64,
    /// `Available`, `Finalizing`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
}

impl Kind for DeploymentPipeline {
    const NAME: KindName = KindName::DeploymentPipeline;
    const SHORT_NAMES: &'static [(Scope, &'static str)] =
        &[(Scope::Namespaced, "deppipe"), (Scope::Namespaced, "deppipes")];
    const FINALIZER: Option<&'static str> = Some("openchoreo.dev/deployment-pipeline-cleanup");
    type Status = DeploymentPipelineStatus;
}

//! Deployment pipelines: the order in which releases are promoted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::EnvironmentRef;
use crate::{Conditions, IndexKey, Kind, KindName, ObjectMeta, Scope, schema};

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

impl DeploymentPipeline {
    /// The pipelines that name an environment.
    #[must_use]
    pub fn of_environment(namespace: &str, environment: &str) -> IndexKey {
        IndexKey::new(
            KindName::DeploymentPipeline,
            "environment",
            &[namespace, environment],
        )
    }

    /// The environment where releases begin: the first source that is never a target.
    #[must_use]
    pub fn root_environment(&self) -> Option<&str> {
        let targets = |name: &str| {
            self.promotion_paths
                .iter()
                .flat_map(|path| &path.target_environment_refs)
                .any(|target| target.name == name)
        };
        self.promotion_paths
            .iter()
            .map(|path| path.source_environment_ref.name.as_str())
            .find(|name| !name.is_empty() && !targets(name))
    }
}

impl Kind for DeploymentPipeline {
    const NAME: KindName = KindName::DeploymentPipeline;
    const SHORT_NAMES: &'static [(Scope, &'static str)] = &[
        (Scope::Namespaced, "deppipe"),
        (Scope::Namespaced, "deppipes"),
    ];
    const FINALIZER: Option<&'static str> = Some("openchoreo.dev/deployment-pipeline-cleanup");
    type Status = DeploymentPipelineStatus;

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let mut names: Vec<&str> = self
            .promotion_paths
            .iter()
            .flat_map(|path| {
                std::iter::once(&path.source_environment_ref).chain(&path.target_environment_refs)
            })
            .map(|environment| environment.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
            .into_iter()
            .map(|name| Self::of_environment(namespace, name))
            .collect()
    }
}

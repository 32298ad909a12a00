//! Environments: where components run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    gateway::Gateway,
    immutable,
    reference::{DataPlaneKind, DataPlaneRef},
};
use crate::{Conditions, Diagnostics, IndexKey, Kind, KindName, ObjectMeta, Scope, schema};

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

impl Environment {
    /// The environments that run on a data plane; `namespace` is that of a namespaced plane.
    #[must_use]
    pub fn of_data_plane(kind: DataPlaneKind, namespace: Option<&str>, name: &str) -> IndexKey {
        let namespace = match kind {
            DataPlaneKind::DataPlane => namespace.unwrap_or_default(),
            DataPlaneKind::ClusterDataPlane => "",
        };
        IndexKey::new(
            KindName::Environment,
            "data-plane",
            &[kind.as_str(), namespace, name],
        )
    }
}

impl Kind for Environment {
    const NAME: KindName = KindName::Environment;
    const SHORT_NAMES: &'static [(Scope, &'static str)] =
        &[(Scope::Namespaced, "env"), (Scope::Namespaced, "envs")];
    const FINALIZER: Option<&'static str> = Some("openchoreo.dev/environment-cleanup");
    type Status = EnvironmentStatus;

    fn validate(&self, old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        immutable::check(
            old.filter(|old| old.data_plane_ref.is_some())
                .map(|old| &old.data_plane_ref),
            &self.data_plane_ref,
            "spec.dataPlaneRef",
            "dataPlaneRef is immutable once set",
            diagnostics,
        );
    }

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        self.data_plane_ref
            .iter()
            .map(|plane| {
                Self::of_data_plane(plane.kind, metadata.namespace.as_deref(), &plane.name)
            })
            .collect()
    }
}

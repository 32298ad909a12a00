//! Data planes: clusters that run workloads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    gateway::Gateway,
    plane::{self, ClusterAgent, PlaneStatus, SecretStoreRef},
    reference::ObservabilityPlaneRef,
};
use crate::{IndexKey, Kind, KindName, ObjectMeta, Scope, name};

/// Spec of a data plane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataPlane {
    /// Name of the link by which the plane is reached, shared by all objects of that plane; absent in
    /// a namespace: the name of the object.
    #[serde(rename = "planeID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63), regex(pattern = name::LABEL))]
    pub plane_id: Option<String>,
    /// How its agent proves who it is.
    pub cluster_agent: ClusterAgent,
    /// Its gateways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Gateway>,
    /// Secret store of its cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_store_ref: Option<SecretStoreRef>,
    /// Where its telemetry goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observability_plane_ref: Option<ObservabilityPlaneRef>,
}

impl DataPlane {
    /// The name of the link by which the plane is reached, for an object named `name`.
    #[must_use]
    pub fn link_id<'a>(&'a self, name: &'a str) -> &'a str {
        plane::link_id(self.plane_id.as_deref(), name)
    }

    /// The objects that stand for the plane of this link.
    #[must_use]
    pub fn of_link(id: &str) -> IndexKey {
        IndexKey::new(KindName::DataPlane, "plane-id", &[id])
    }
}

impl Kind for DataPlane {
    const NAME: KindName = KindName::DataPlane;
    const SHORT_NAMES: &'static [(Scope, &'static str)] = &[
        (Scope::Namespaced, "dp"),
        (Scope::Namespaced, "dps"),
        (Scope::Cluster, "cdp"),
        (Scope::Cluster, "cdps"),
    ];
    const FINALIZER: Option<&'static str> = Some("openchoreo.dev/dataplane-cleanup");
    const REQUIRED_IN_CLUSTER: &'static [&'static str] = &["planeID"];
    type Status = PlaneStatus;

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        vec![Self::of_link(self.link_id(&metadata.name))]
    }

    fn exports(status: &PlaneStatus) -> Value {
        status.exports()
    }
}

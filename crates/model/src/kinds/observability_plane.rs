//! Observability planes: places that keep telemetry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plane::{self, ClusterAgent, PlaneStatus};
use crate::{IndexKey, Kind, KindName, ObjectMeta, Scope, name};

/// Spec of an observability plane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObservabilityPlane {
    /// Name of the link by which the plane is reached, shared by all objects of that plane; absent in
    /// a namespace: the name of the object.
    #[serde(rename = "planeID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63), regex(pattern = name::LABEL))]
    pub plane_id: Option<String>,
    /// How its agent proves who it is.
    pub cluster_agent: ClusterAgent,
    /// Where its query API is reached.
    #[serde(rename = "observerURL")]
    pub observer_url: String,
    /// Where its root cause analysis agent is reached.
    #[serde(rename = "rcaAgentURL", skip_serializing_if = "Option::is_none")]
    pub rca_agent_url: Option<String>,
    /// Where its cost analysis agent is reached.
    #[serde(rename = "finOpsAgentURL", skip_serializing_if = "Option::is_none")]
    pub fin_ops_agent_url: Option<String>,
}

impl ObservabilityPlane {
    /// The name of the link by which the plane is reached, for an object named `name`.
    #[must_use]
    pub fn link_id<'a>(&'a self, name: &'a str) -> &'a str {
        plane::link_id(self.plane_id.as_deref(), name)
    }

    /// The objects that stand for the plane of this link.
    #[must_use]
    pub fn of_link(id: &str) -> IndexKey {
        IndexKey::new(KindName::ObservabilityPlane, "plane-id", &[id])
    }
}

impl Kind for ObservabilityPlane {
    const NAME: KindName = KindName::ObservabilityPlane;
    const SHORT_NAMES: &'static [(Scope, &'static str)] =
        &[(Scope::Cluster, "cop"), (Scope::Cluster, "cops")];
    const FINALIZER: Option<&'static str> = Some("openchoreo.dev/observabilityplane-cleanup");
    const REQUIRED_IN_CLUSTER: &'static [&'static str] = &["planeID"];
    type Status = PlaneStatus;

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        vec![Self::of_link(self.link_id(&metadata.name))]
    }

    fn exports(status: &PlaneStatus) -> Value {
        status.exports()
    }
}

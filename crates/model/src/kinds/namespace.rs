//! Namespaces: places for the projects and platform objects of one organisation or team.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, Scope, kind::NoStatus};

/// Spec of a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Namespace {
    /// Finalizers that Kubernetes keeps in the spec; kept as given and without effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finalizers: Vec<String>,
}

impl Kind for Namespace {
    const NAME: KindName = KindName::Namespace;
    const SHORT_NAMES: &'static [(Scope, &'static str)] = &[(Scope::Cluster, "ns")];
    const FINALIZER: Option<&'static str> = Some("kubernetes");
    type Status = NoStatus;
}

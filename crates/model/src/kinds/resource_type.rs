//! Resource types: what a resource, such as a database, renders to and what it offers to workloads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    output::{self, Output},
    template::{EXPRESSION, FreeForm, SchemaSection},
    text_enum::text_enum,
};
use crate::{Diagnostics, Kind, KindName, Scope, kind::NoStatus};

text_enum! {
    /// What becomes of the objects of a resource when its binding is deleted.
    #[derive(Default)]
    pub enum RetainPolicy {
        /// They are deleted.
        #[default]
        Delete = "Delete",
        /// The binding stays, and they with it, until somebody lets it go.
        Retain = "Retain",
    }
}

/// Spec of a resource type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceType {
    /// What resources of this type may set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<SchemaSection>,
    /// What bindings of such resources may set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_configs: Option<SchemaSection>,
    /// The objects of a resource.
    #[schemars(length(min = 1), extend("x-kubernetes-list-map-keys" = ["id"]))]
    pub resources: Vec<ResourceManifest>,
    /// What workloads may ask for; texts may hold expressions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-map-keys" = ["name"]))]
    pub outputs: Vec<Output>,
    /// What becomes of the objects where the binding says nothing else.
    #[serde(default)]
    pub retain_policy: RetainPolicy,
}

/// A template of one Kubernetes object of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceManifest {
    /// Name of the template within its type; expressions read its status as `applied.<id>.status`.
    #[schemars(length(min = 1))]
    pub id: String,
    /// Rendered only if this expression is true; absent: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXPRESSION))]
    pub include_when: Option<String>,
    /// Ready when this expression over `applied` is true; absent: when the object is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXPRESSION))]
    pub ready_when: Option<String>,
    /// The object, with expressions in its texts.
    pub template: FreeForm,
}

impl ResourceType {
    /// The rules that the schema does not show, for a type that stands at `path`.
    pub(crate) fn check(&self, path: &str, diagnostics: &mut Diagnostics) {
        output::check(&self.outputs, path, diagnostics);
    }
}

impl Kind for ResourceType {
    const NAME: KindName = KindName::ResourceType;
    const SHORT_NAMES: &'static [(Scope, &'static str)] = &[
        (Scope::Namespaced, "rt"),
        (Scope::Namespaced, "rts"),
        (Scope::Cluster, "crt"),
        (Scope::Cluster, "crts"),
    ];
    type Status = NoStatus;

    fn validate(&self, _old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        self.check("spec", diagnostics);
    }
}

//! Resource releases: frozen copies of a resource's type and parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ResourceType, immutable, owner::ResourceOwner, reference::ResourceTypeKind, template::FreeForm,
};
use crate::{Column, Diagnostics, IndexKey, Kind, KindName, ObjectMeta, Scope, kind::NoStatus};

/// Spec of a resource release; immutable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceRelease {
    /// The resource.
    pub owner: ResourceOwner,
    /// Its type, as it was.
    pub resource_type: ResourceTypeSnapshot,
    /// Its parameters, as they were.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub parameters: FreeForm,
}

/// A resource type as it was when a release was cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceTypeSnapshot {
    /// Kind of the resource type.
    pub kind: ResourceTypeKind,
    /// Name of the resource type.
    #[schemars(length(min = 1))]
    pub name: String,
    /// What it said.
    pub spec: ResourceType,
}

impl ResourceRelease {
    /// The releases of a resource.
    #[must_use]
    pub fn of_resource(namespace: &str, project: &str, resource: &str) -> IndexKey {
        let values = &[namespace, project, resource];
        IndexKey::new(KindName::ResourceRelease, "resource", values)
    }
}

impl Kind for ResourceRelease {
    const NAME: KindName = KindName::ResourceRelease;
    const COLUMNS: &'static [Column] = &[
        Column {
            name: "Project",
            path: ".spec.owner.projectName",
        },
        Column {
            name: "Resource",
            path: ".spec.owner.resourceName",
        },
    ];
    type Status = NoStatus;

    fn validate(&self, old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        let rule = "ResourceRelease spec is immutable";
        immutable::check(old, self, "spec", rule, diagnostics);
        let resource_type = &self.resource_type.spec;
        resource_type.check("spec.resourceType.spec", diagnostics);
    }

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let owner = &self.owner;
        vec![Self::of_resource(
            namespace,
            &owner.project_name,
            &owner.resource_name,
        )]
    }
}

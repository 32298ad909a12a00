//! Resources: what a project needs beside its components, such as a database or a queue.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{immutable, owner::ProjectOwner, reference::ResourceTypeRef, template::FreeForm};
use crate::{
    Column, Conditions, Diagnostics, IndexKey, Kind, KindName, ObjectKey, ObjectMeta, Scope, schema,
};

/// Spec of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resource {
    /// The project; immutable.
    pub owner: ProjectOwner,
    /// What it renders to; immutable.
    #[serde(rename = "type")]
    pub resource_type: ResourceTypeRef,
    /// Values for the parameters of the type.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub parameters: FreeForm,
}

/// Status of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceStatus {
    /// Generation that was looked at last.
    #[serde(default, skip_serializing_if = "schema::is_zero")]
    pub observed_generation: u64,
    /// `Ready`, `Finalizing`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// The release that was cut last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_release: Option<LatestResourceRelease>,
}

/// The resource release that was cut last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LatestResourceRelease {
    /// Name of the ResourceRelease.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Hash of its content.
    #[schemars(length(min = 1))]
    pub hash: String,
}

impl Resource {
    /// The resources of a project.
    #[must_use]
    pub fn of_project(namespace: &str, project: &str) -> IndexKey {
        IndexKey::new(KindName::Resource, "project", &[namespace, project])
    }

    /// The resources of a type, in whichever namespace if the type is of the whole platform.
    #[must_use]
    pub fn of_type(resource_type: &ObjectKey) -> IndexKey {
        let namespace = resource_type.namespace.as_deref().unwrap_or_default();
        let values = &[resource_type.public_kind(), namespace, &resource_type.name];
        IndexKey::new(KindName::Resource, "type", values)
    }
}

impl Kind for Resource {
    const NAME: KindName = KindName::Resource;
    const SHORT_NAMES: &'static [(Scope, &'static str)] = &[(Scope::Namespaced, "res")];
    const COLUMNS: &'static [Column] = &[
        Column {
            name: "Project",
            path: ".spec.owner.projectName",
        },
        Column {
            name: "Type",
            path: ".spec.type.name",
        },
    ];
    type Status = ResourceStatus;

    fn validate(&self, old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        immutable::check(
            old.map(|old| &old.owner),
            &self.owner,
            "spec.owner",
            "spec.owner is immutable",
            diagnostics,
        );
        immutable::check(
            old.map(|old| &old.resource_type),
            &self.resource_type,
            "spec.type",
            "spec.type cannot be changed after creation",
            diagnostics,
        );
    }

    fn exports(status: &ResourceStatus) -> Value {
        json!({ "latestRelease": status.latest_release })
    }

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        vec![
            Self::of_project(namespace, &self.owner.project_name),
            Self::of_type(&self.resource_type.key(namespace)),
        ]
    }
}

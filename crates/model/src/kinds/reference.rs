//! References to objects by kind and name, and the keys that they stand for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text_enum::text_enum;
use crate::{KindName, ObjectKey, name};

/// Workload type, slash, name of a component type.
pub(crate) const TYPE_NAME: &str =
    "^(deployment|statefulset|cronjob|job|proxy)/[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/// Writes the two public kinds that a reference may name: one of its own namespace, one of the whole
/// platform.
macro_rules! twin {
    ($(#[$doc:meta])* $name:ident = $(#[$default:ident])? $kind:ident $text:literal
        | $cluster:ident $cluster_text:literal) => {
        text_enum! {
            $(#[$doc])*
            pub enum $name {
                /// The one in the namespace of the referring object.
                $(#[$default])?
                $kind = $text,
                /// The one of the whole platform.
                $cluster = $cluster_text,
            }
        }

        impl $name {
            /// Key of the object of this kind named `name`, seen from `namespace`.
            #[must_use]
            pub fn key(self, namespace: &str, name: &str) -> ObjectKey {
                match self {
                    Self::$kind => ObjectKey::namespaced(KindName::$kind, namespace, name),
                    Self::$cluster => ObjectKey::cluster(KindName::$kind, name),
                }
            }
        }
    };
}

twin! {
    /// Which kind of component type is meant.
    #[derive(Default)]
    ComponentTypeKind = #[default] ComponentType "ComponentType" | ClusterComponentType "ClusterComponentType"
}
twin! {
    /// Which kind of trait is meant.
    #[derive(Default)]
    TraitKind = #[default] Trait "Trait" | ClusterTrait "ClusterTrait"
}
twin! {
    /// Which kind of project type is meant.
    #[derive(Default)]
    ProjectTypeKind = #[default] ProjectType "ProjectType" | ClusterProjectType "ClusterProjectType"
}
twin! {
    /// Which kind of resource type is meant.
    #[derive(Default)]
    ResourceTypeKind = #[default] ResourceType "ResourceType" | ClusterResourceType "ClusterResourceType"
}
twin! {
    /// Which kind of workflow is meant.
    WorkflowKind = Workflow "Workflow" | ClusterWorkflow "ClusterWorkflow"
}
twin! {
    /// Which kind of data plane is meant.
    DataPlaneKind = DataPlane "DataPlane" | ClusterDataPlane "ClusterDataPlane"
}
twin! {
    /// Which kind of workflow plane is meant.
    WorkflowPlaneKind = WorkflowPlane "WorkflowPlane" | ClusterWorkflowPlane "ClusterWorkflowPlane"
}
twin! {
    /// Which kind of observability plane is meant.
    ObservabilityPlaneKind = ObservabilityPlane "ObservabilityPlane"
        | ClusterObservabilityPlane "ClusterObservabilityPlane"
}

twin! {
    /// Which kind of role is meant.
    AuthzRoleKind = AuthzRole "AuthzRole" | ClusterAuthzRole "ClusterAuthzRole"
}

/// Workflows are shared by default.
impl Default for WorkflowKind {
    fn default() -> Self {
        Self::ClusterWorkflow
    }
}

/// Writes `key` for a reference whose `kind` and `name` say all.
macro_rules! keyed {
    ($($reference:ident),+) => {$(
        impl $reference {
            /// Key of the object that is meant, seen from `namespace`.
            #[must_use]
            pub fn key(&self, namespace: &str) -> ObjectKey {
                self.kind.key(namespace, &self.name)
            }
        }
    )+};
}

keyed!(
    PipelineRef,
    EnvironmentRef,
    ProjectTypeRef,
    ResourceTypeRef,
    TraitRef,
    WorkflowRef,
    DataPlaneRef,
    WorkflowPlaneRef,
    ObservabilityPlaneRef,
    AuthzRoleRef
);

text_enum! {
    /// The only kind that a pipeline reference may name.
    #[derive(Default)]
    pub enum PipelineKind {
        /// A pipeline of the same namespace.
        #[default]
        DeploymentPipeline = "DeploymentPipeline",
    }
}

impl PipelineKind {
    /// Key of the pipeline named `name` in `namespace`.
    #[must_use]
    pub fn key(self, namespace: &str, name: &str) -> ObjectKey {
        ObjectKey::namespaced(KindName::DeploymentPipeline, namespace, name)
    }
}

text_enum! {
    /// The only kind that an environment reference may name.
    #[derive(Default)]
    pub enum EnvironmentKind {
        /// An environment of the same namespace.
        #[default]
        Environment = "Environment",
    }
}

impl EnvironmentKind {
    /// Key of the environment named `name` in `namespace`.
    #[must_use]
    pub fn key(self, namespace: &str, name: &str) -> ObjectKey {
        ObjectKey::namespaced(KindName::Environment, namespace, name)
    }
}

/// Names a deployment pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PipelineRef {
    /// Kind; there is only one.
    #[serde(default)]
    pub kind: PipelineKind,
    /// Name.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
}

/// Names an environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvironmentRef {
    /// Kind; there is only one.
    #[serde(default)]
    pub kind: EnvironmentKind,
    /// Name.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
}

/// Names a project type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectTypeRef {
    /// Kind.
    #[serde(default)]
    pub kind: ProjectTypeKind,
    /// Name.
    #[schemars(length(min = 1), regex(pattern = name::LABEL))]
    pub name: String,
}

/// Names a resource type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceTypeRef {
    /// Kind.
    #[serde(default)]
    pub kind: ResourceTypeKind,
    /// Name.
    #[schemars(length(min = 1), regex(pattern = name::LABEL))]
    pub name: String,
}

/// Names a component type together with its workload type, as `deployment/web-service`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentTypeRef {
    /// Kind.
    #[serde(default)]
    pub kind: ComponentTypeKind,
    /// Workload type, slash, name.
    #[schemars(regex(pattern = TYPE_NAME))]
    pub name: String,
}

impl ComponentTypeRef {
    /// The part before the slash: how the component runs.
    #[must_use]
    pub fn workload_type(&self) -> &str {
        self.name
            .split_once('/')
            .map_or("", |(workload_type, _)| workload_type)
    }

    /// The part after the slash: the name of the component type.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.name
            .split_once('/')
            .map_or(&*self.name, |(_, name)| name)
    }

    /// Key of the component type, seen from `namespace`.
    #[must_use]
    pub fn key(&self, namespace: &str) -> ObjectKey {
        self.kind.key(namespace, self.type_name())
    }
}

/// Names a trait.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TraitRef {
    /// Kind.
    #[serde(default)]
    pub kind: TraitKind,
    /// Name.
    #[schemars(length(min = 1))]
    pub name: String,
}

/// Names a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowRef {
    /// Kind.
    #[serde(default)]
    pub kind: WorkflowKind,
    /// Name.
    #[schemars(length(min = 1))]
    pub name: String,
}

/// Names a data plane.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataPlaneRef {
    /// Kind.
    pub kind: DataPlaneKind,
    /// Name.
    pub name: String,
}

/// Names a workflow plane.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowPlaneRef {
    /// Kind.
    pub kind: WorkflowPlaneKind,
    /// Name.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
}

/// The shared workflow plane named `default`.
impl Default for WorkflowPlaneRef {
    fn default() -> Self {
        Self {
            kind: WorkflowPlaneKind::ClusterWorkflowPlane,
            name: "default".to_owned(),
        }
    }
}

/// Names an observability plane.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObservabilityPlaneRef {
    /// Kind.
    pub kind: ObservabilityPlaneKind,
    /// Name.
    #[schemars(length(min = 1, max = 63), regex(pattern = name::LABEL))]
    pub name: String,
}

/// Names a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthzRoleRef {
    /// Kind.
    pub kind: AuthzRoleKind,
    /// Name.
    pub name: String,
}

//! The table of kinds, from which doors, schemas, names and documents derive.

use std::str::FromStr;

use crate::{Kind, Scope};

pub mod container;
pub mod dependency;
pub mod endpoint;
pub mod gateway;
mod immutable;
pub mod output;
pub mod owner;
pub mod plane;
pub mod reference;
pub mod template;
mod text_enum;

macro_rules! kinds {
    ($($(#[$doc:meta])* $module:ident :: $kind:ident, $plural:literal, $($scope:ident)|+;)+) => {
        $(pub mod $module; pub use $module::$kind;)+

        /// A kind of the platform. A `Cluster…` twin is the same kind in cluster scope.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum KindName { $($(#[$doc])* $kind,)+ }

        impl KindName {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The name in its first scope, as `ComponentType`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind),)+ }
            }

            /// The scopes in which objects of this kind live.
            #[must_use]
            pub const fn scopes(self) -> &'static [Scope] {
                match self { $(Self::$kind => &[$(Scope::$scope),+],)+ }
            }

            /// The name as `scope` has it, as `ClusterComponentType`.
            #[must_use]
            pub const fn public_name(self, scope: Scope) -> &'static str {
                match (self, scope) {
                    $((Self::$kind, Scope::Namespaced) => stringify!($kind),
                      (Self::$kind, Scope::Cluster) => if self.has_twin() {
                          concat!("Cluster", stringify!($kind))
                      } else {
                          stringify!($kind)
                      },)+
                }
            }

            /// The collection as `scope` has it, lower case, as `clustercomponenttypes`.
            #[must_use]
            pub const fn plural(self, scope: Scope) -> &'static str {
                match (self, scope) {
                    $((Self::$kind, Scope::Namespaced) => $plural,
                      (Self::$kind, Scope::Cluster) => if self.has_twin() {
                          concat!("cluster", $plural)
                      } else {
                          $plural
                      },)+
                }
            }

            /// Runs `visitor` with the Rust type of this kind.
            pub fn visit<V: KindVisitor>(self, visitor: V) -> V::Output {
                match self { $(Self::$kind => visitor.visit::<$kind>(),)+ }
            }
        }

        // A kind whose NAME is another kind's does not compile.
        $(const _: () = assert!(matches!(<$kind as Kind>::NAME, KindName::$kind));)+
    };
}

kinds! {
    /// A place for projects and platform objects of one organisation or team.
    namespace::Namespace, "namespaces", Cluster;
    /// A group of components that belong together and are isolated together.
    project::Project, "projects", Namespaced;
    /// What the cell of a project renders to.
    project_type::ProjectType, "projecttypes", Namespaced | Cluster;
    /// A frozen copy of a project's type and parameters.
    project_release::ProjectRelease, "projectreleases", Namespaced;
    /// A project release in an environment: its cell.
    project_release_binding::ProjectReleaseBinding, "projectreleasebindings", Namespaced;
    /// A deployable part of a project.
    component::Component, "components", Namespaced;
    /// A golden path: what a component of this type renders to.
    component_type::ComponentType, "componenttypes", Namespaced | Cluster;
    /// An addition to what a component renders to.
    trait_::Trait, "traits", Namespaced | Cluster;
    /// The image of a component and how it runs: container, endpoints, dependencies.
    workload::Workload, "workloads", Namespaced;
    /// A frozen copy of a component, its type, traits and workload.
    component_release::ComponentRelease, "componentreleases", Namespaced;
    /// A component release in an environment.
    release_binding::ReleaseBinding, "releasebindings", Namespaced;
    /// A place where components run: a data plane and its gateways.
    environment::Environment, "environments", Namespaced;
    /// The order in which releases are promoted from environment to environment.
    deployment_pipeline::DeploymentPipeline, "deploymentpipelines", Namespaced;
    /// A cluster that runs workloads.
    data_plane::DataPlane, "dataplanes", Namespaced | Cluster;
    /// A cluster that runs builds and other workflows.
    workflow_plane::WorkflowPlane, "workflowplanes", Namespaced | Cluster;
    /// A place that keeps telemetry.
    observability_plane::ObservabilityPlane, "observabilityplanes", Namespaced | Cluster;
    /// A template of workflow runs.
    workflow::Workflow, "workflows", Namespaced | Cluster;
    /// One execution of a workflow.
    workflow_run::WorkflowRun, "workflowruns", Namespaced;
    /// What a resource, such as a database, renders to and offers to workloads.
    resource_type::ResourceType, "resourcetypes", Namespaced | Cluster;
    /// What a project needs beside its components, such as a database.
    resource::Resource, "resources", Namespaced;
    /// A frozen copy of a resource's type and parameters.
    resource_release::ResourceRelease, "resourcereleases", Namespaced;
    /// A resource release in an environment.
    resource_release_binding::ResourceReleaseBinding, "resourcereleasebindings", Namespaced;
    /// Where the values of a secret are kept outside of the platform.
    secret_reference::SecretReference, "secretreferences", Namespaced;
    /// A name for a set of actions.
    authz_role::AuthzRole, "authzroles", Namespaced | Cluster;
    /// Who has which roles, where, and under which conditions.
    authz_role_binding::AuthzRoleBinding, "authzrolebindings", Namespaced | Cluster;
    /// What a binding renders to and how it fares in the cluster: a read-only projection.
    rendered_release::RenderedRelease, "renderedreleases", Namespaced;
}

/// No kind has this name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no kind is named {0:?}")]
pub struct UnknownKind(pub String);

/// Work to do with a kind whose type is known only by name at run time.
pub trait KindVisitor {
    /// What the work gives.
    type Output;
    /// Does the work for kind `K`.
    fn visit<K: Kind>(self) -> Self::Output;
}

impl KindName {
    /// Whether the kind exists in both scopes.
    #[must_use]
    pub const fn has_twin(self) -> bool {
        self.scopes().len() == 2
    }

    /// The `apiVersion` of documents of this kind.
    #[must_use]
    pub const fn api_version(self) -> &'static str {
        match self.is_core() {
            true => "v1",
            false => crate::API_VERSION,
        }
    }

    /// Whether the kind is Kubernetes' own, of the core group.
    #[must_use]
    pub const fn is_core(self) -> bool {
        matches!(self, Self::Namespace)
    }

    /// Kind and scope of a public name such as `ClusterTrait`.
    ///
    /// # Errors
    /// When no kind has that name.
    pub fn from_public(name: &str) -> Result<(Self, Scope), UnknownKind> {
        Self::each_scope()
            .find(|(kind, scope)| kind.public_name(*scope) == name)
            .ok_or_else(|| UnknownKind(name.to_owned()))
    }

    /// Kind and scope of what a user may type: public name, plural or short name, in any case.
    ///
    /// # Errors
    /// When no kind has that name.
    pub fn from_typed(name: &str) -> Result<(Self, Scope), UnknownKind> {
        let typed = name.to_ascii_lowercase();
        Self::each_scope()
            .find(|(kind, scope)| {
                kind.plural(*scope) == typed
                    || kind.public_name(*scope).eq_ignore_ascii_case(&typed)
                    || kind.short_names(*scope).any(|short| short == typed)
            })
            .ok_or_else(|| UnknownKind(name.to_owned()))
    }

    /// Short names of the kind in `scope`.
    pub fn short_names(self, scope: Scope) -> impl Iterator<Item = &'static str> {
        struct ShortNames;
        impl KindVisitor for ShortNames {
            type Output = &'static [(Scope, &'static str)];
            fn visit<K: Kind>(self) -> Self::Output {
                K::SHORT_NAMES
            }
        }
        self.visit(ShortNames)
            .iter()
            .filter(move |(own, _)| *own == scope)
            .map(|(_, name)| *name)
    }

    /// Every kind in every scope that it has.
    pub fn each_scope() -> impl Iterator<Item = (Self, Scope)> {
        Self::ALL
            .iter()
            .flat_map(|kind| kind.scopes().iter().map(|scope| (*kind, *scope)))
    }
}

impl FromStr for KindName {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

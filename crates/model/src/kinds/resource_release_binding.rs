//! Resource release bindings: a resource release in an environment, with what it offers there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    ResourceType, immutable, output::Output, owner::ResourceOwner, resource_type::RetainPolicy,
    template::FreeForm,
};
use crate::{Column, Conditions, Diagnostics, IndexKey, Kind, KindName, ObjectMeta, Scope};

/// Spec of a resource release binding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceReleaseBinding {
    /// The resource; immutable.
    pub owner: ResourceOwner,
    /// The environment; immutable.
    #[schemars(length(min = 1))]
    pub environment: String,
    /// The ResourceRelease; absent until somebody sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_release: Option<String>,
    /// Values for the environment configuration of the resource's type.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub resource_type_environment_configs: FreeForm,
    /// What becomes of the objects when the binding is deleted; absent: what the type says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retain_policy: Option<RetainPolicy>,
}

/// Status of a resource release binding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceReleaseBindingStatus {
    /// `Synced`, `ResourcesReady`, `OutputsResolved`, `Ready`, `Finalizing`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// What the resource offers to workloads, as far as it is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-map-keys" = ["name"]))]
    pub outputs: Vec<Output>,
}

impl ResourceReleaseBinding {
    /// The bindings of a resource.
    #[must_use]
    pub fn of_resource(namespace: &str, project: &str, resource: &str) -> IndexKey {
        let values = &[namespace, project, resource];
        IndexKey::new(KindName::ResourceReleaseBinding, "resource", values)
    }

    /// The bindings of a resource in an environment; there should be one.
    #[must_use]
    pub fn of_resource_in(
        namespace: &str,
        project: &str,
        resource: &str,
        environment: &str,
    ) -> IndexKey {
        let values = &[namespace, project, resource, environment];
        IndexKey::new(KindName::ResourceReleaseBinding, "resource-in", values)
    }

    /// The bindings in an environment.
    #[must_use]
    pub fn of_environment(namespace: &str, environment: &str) -> IndexKey {
        let values = &[namespace, environment];
        IndexKey::new(KindName::ResourceReleaseBinding, "environment", values)
    }

    /// What becomes of the objects when the binding is deleted, given the type that it renders.
    #[must_use]
    pub fn retain_policy_with(&self, resource_type: &ResourceType) -> RetainPolicy {
        self.retain_policy.unwrap_or(resource_type.retain_policy)
    }
}

impl Kind for ResourceReleaseBinding {
    const NAME: KindName = KindName::ResourceReleaseBinding;
    const SHORT_NAMES: &'static [(Scope, &'static str)] =
        &[(Scope::Namespaced, "rrb"), (Scope::Namespaced, "rrbs")];
    const COLUMNS: &'static [Column] = &[
        Column {
            name: "Project",
            path: ".spec.owner.projectName",
        },
        Column {
            name: "Resource",
            path: ".spec.owner.resourceName",
        },
        Column {
            name: "Environment",
            path: ".spec.environment",
        },
        Column {
            name: "Release",
            path: ".spec.resourceRelease",
        },
        Column {
            name: "Ready",
            path: r#".status.conditions[?(@.type=="Ready")].status"#,
        },
    ];
    type Status = ResourceReleaseBindingStatus;

    fn validate(&self, old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        immutable::check(
            old.map(|old| &old.owner),
            &self.owner,
            "spec.owner",
            "spec.owner is immutable",
            diagnostics,
        );
        immutable::check(
            old.map(|old| &old.environment),
            &self.environment,
            "spec.environment",
            "spec.environment is immutable",
            diagnostics,
        );
    }

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let (project, resource) = (&self.owner.project_name, &self.owner.resource_name);
        vec![
            Self::of_resource(namespace, project, resource),
            Self::of_resource_in(namespace, project, resource, &self.environment),
            Self::of_environment(namespace, &self.environment),
        ]
    }

    /// Outputs count only once the binding is ready in its present generation, so the generation that
    /// was looked at is part of what others depend on.
    fn exports(status: &ResourceReleaseBindingStatus) -> Value {
        let ready = status.conditions.find("Ready");
        json!({
            "outputs": status.outputs,
            "ready": status.conditions.is_true("Ready"),
            "observedGeneration": ready.map(|condition| condition.observed_generation),
        })
    }
}

//! Component types: what a component of a type renders to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    immutable,
    reference::{TraitKind, TraitRef, WorkflowRef},
    template::{
        self, FreeForm, PostRenderValidation, ResourceTemplate, SchemaSection, ValidationRule,
    },
    text_enum::text_enum,
};
use crate::{Column, Diagnostics, Kind, KindName, ObjectKey, Scope, kind::NoStatus};

text_enum! {
    /// How a component runs.
    pub enum WorkloadType {
        /// As a Deployment.
        Deployment = "deployment",
        /// As a StatefulSet.
        StatefulSet = "statefulset",
        /// As a CronJob.
        CronJob = "cronjob",
        /// As a Job.
        Job = "job",
        /// Nowhere: it only stands for something else.
        Proxy = "proxy",
    }
}

/// Spec of a component type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentType {
    /// How components of this type run; immutable.
    pub workload_type: WorkloadType,
    /// What components of this type may set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<SchemaSection>,
    /// What bindings of such components may set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_configs: Option<SchemaSection>,
    /// The objects; unless the type is a proxy, the id of one is the workload type.
    #[schemars(length(min = 1))]
    pub resources: Vec<ResourceTemplate>,
    /// Traits that every component of this type has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<EmbeddedTrait>,
    /// Traits that components may add; empty: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_traits: Vec<TraitRef>,
    /// Workflows that may build components; empty: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_workflows: Vec<WorkflowRef>,
    /// Older name of `preRenderValidations`; only one of the two may be used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("deprecated" = true))]
    pub validations: Vec<ValidationRule>,
    /// Conditions that must hold before anything is rendered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pre_render_validations: Vec<ValidationRule>,
    /// Conditions that must hold for what was rendered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_render_validations: Vec<PostRenderValidation>,
}

impl ComponentType {
    /// The rules that the schema does not show, for a type that stands at `path`.
    pub(super) fn check(&self, path: &str, diagnostics: &mut Diagnostics) {
        let id = self.workload_type.as_str();
        let primary = || self.resources.iter().any(|resource| resource.id == id);
        if self.workload_type != WorkloadType::Proxy && !primary() {
            diagnostics.push_hint(
                format!("{path}.resources"),
                "resources must contain a primary resource with id matching workloadType (unless \
                 workloadType is 'proxy')",
                format!("name the template of the workload `id: {id}`"),
            );
        }
        template::check_templates(&self.resources, path, diagnostics);
        template::check_rule_names(
            &self.validations,
            &self.pre_render_validations,
            path,
            diagnostics,
        );
        template::check_post_render(&self.post_render_validations, path, diagnostics);
    }

    /// The conditions that must hold before anything is rendered, under whichever name.
    #[must_use]
    pub fn pre_render_rules(&self) -> (&'static str, &[ValidationRule]) {
        template::pre_render_rules(&self.validations, &self.pre_render_validations)
    }
}

/// A trait that every component of a type has; its values may hold expressions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmbeddedTrait {
    /// Kind of the trait.
    #[serde(default)]
    pub kind: TraitKind,
    /// Name of the trait.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Name of this use, unique within the component.
    #[schemars(length(min = 1))]
    pub instance_name: String,
    /// Values for the parameters of the trait.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub parameters: FreeForm,
    /// Values for the environment configuration of the trait.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub environment_configs: FreeForm,
}

impl EmbeddedTrait {
    /// Key of the trait, seen from `namespace`.
    #[must_use]
    pub fn key(&self, namespace: &str) -> ObjectKey {
        self.kind.key(namespace, &self.name)
    }
}

impl Kind for ComponentType {
    const NAME: KindName = KindName::ComponentType;
    const SHORT_NAMES: &'static [(Scope, &'static str)] = &[
        (Scope::Namespaced, "ct"),
        (Scope::Namespaced, "cts"),
        (Scope::Cluster, "cct"),
        (Scope::Cluster, "ccts"),
    ];
    const COLUMNS: &'static [Column] = &[Column {
        name: "WorkloadType",
        path: ".spec.workloadType",
    }];
    const REQUIRED_IN_CLUSTER: &'static [&'static str] =
        &["allowedTraits[].kind", "allowedWorkflows[].kind"];
    type Status = NoStatus;

    fn validate(&self, old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        immutable::check(
            old.map(|old| &old.workload_type),
            &self.workload_type,
            "spec.workloadType",
            "spec.workloadType cannot be changed after creation",
            diagnostics,
        );
        self.check("spec", diagnostics);
    }
}

//! Workflows: templates of workflow runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    immutable,
    reference::WorkflowPlaneRef,
    template::{EXPRESSION, FreeForm, SchemaSection},
    text_enum::text_enum,
};
use crate::{Conditions, Diagnostics, Kind, KindName, Scope};

/// Account as which runs act in the workflow plane.
pub const SERVICE_ACCOUNT: &str = "workflow-sa";
/// How long something is kept: days, hours, minutes, seconds, each optional, in this order.
pub(crate) const TTL: &str = r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$";

/// Spec of a workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workflow {
    /// The plane that runs it; immutable.
    #[serde(default)]
    pub workflow_plane_ref: WorkflowPlaneRef,
    /// What runs may set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<SchemaSection>,
    /// The workflow object of a run, with expressions in its texts.
    pub run_template: FreeForm,
    /// Further objects of a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<WorkflowResource>,
    /// Objects that expressions may read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-map-keys" = ["id"]))]
    pub external_refs: Vec<ExternalRef>,
    /// How long a run is kept after it ended, as `1d12h`; absent: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = TTL))]
    pub ttl_after_completion: Option<String>,
}

/// A further object of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowResource {
    /// Name of the template within the workflow.
    #[schemars(length(min = 1))]
    pub id: String,
    /// Rendered only if this expression is true; absent: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXPRESSION))]
    pub include_when: Option<String>,
    /// The object, with expressions in its texts.
    pub template: FreeForm,
}

text_enum! {
    /// The only kind that an external reference may name.
    #[derive(Default)]
    pub enum ExternalRefKind {
        /// A secret of an outside store.
        #[default]
        SecretReference = "SecretReference",
    }
}

/// An object that expressions may read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalRef {
    /// Name by which expressions read it.
    #[schemars(
        length(min = 2, max = 63),
        regex(pattern = "^[a-z][a-z0-9-]*[a-z0-9]$")
    )]
    pub id: String,
    /// Its API version.
    #[schemars(length(min = 1))]
    pub api_version: String,
    /// Its kind.
    pub kind: ExternalRefKind,
    /// Its name, which may hold expressions.
    #[schemars(length(min = 1))]
    pub name: String,
}

/// Status of a workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowStatus {
    /// What the platform says about it.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
}

impl Kind for Workflow {
    const NAME: KindName = KindName::Workflow;
    const SHORT_NAMES: &'static [(Scope, &'static str)] =
        &[(Scope::Cluster, "cwf"), (Scope::Cluster, "cwfs")];
    type Status = WorkflowStatus;

    /// Runs act as the account that the platform makes for them.
    fn apply_defaults(&mut self, _old: Option<&Self>) {
        let spec = self
            .run_template
            .entry("spec")
            .or_insert_with(|| Value::Object(FreeForm::new()));
        if let Value::Object(spec) = spec {
            spec.insert("serviceAccountName".to_owned(), SERVICE_ACCOUNT.into());
        }
    }

    fn validate(&self, old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        immutable::check(
            old.map(|old| &old.workflow_plane_ref),
            &self.workflow_plane_ref,
            "spec.workflowPlaneRef",
            "spec.workflowPlaneRef is immutable",
            diagnostics,
        );
    }
}

//! Workflow runs: executions of workflows.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    immutable, reference::WorkflowKind, template::FreeForm, text_enum::text_enum, workflow::TTL,
};
use crate::{
    Conditions, Diagnostics, IndexKey, Kind, KindName, ObjectKey, ObjectMeta, Scope, schema,
};

/// Spec of a workflow run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowRun {
    /// What runs; kind and name are immutable.
    pub workflow: RunOf,
    /// How long a run is kept after it ended, as `1d12h`; absent: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = TTL))]
    pub ttl_after_completion: Option<String>,
}

/// The workflow that runs, and the values that it is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunOf {
    /// Kind of the workflow.
    #[serde(default)]
    pub kind: WorkflowKind,
    /// Name of the workflow.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Values for the parameters of the workflow.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub parameters: FreeForm,
}

impl RunOf {
    /// Key of the workflow, seen from `namespace`.
    #[must_use]
    pub fn key(&self, namespace: &str) -> ObjectKey {
        self.kind.key(namespace, &self.name)
    }
}

/// Status of a workflow run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRunStatus {
    /// `WorkflowRunning`, `WorkflowSucceeded`, `WorkflowFailed`, `WorkflowCompleted`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// The object in the workflow plane that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_reference: Option<RunObject>,
    /// Further objects there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<RunObject>,
    /// Its steps, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<RunTask>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub completed_at: Option<Timestamp>,
}

/// An object of a run in the workflow plane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunObject {
    /// Its API version.
    #[schemars(length(min = 1))]
    pub api_version: String,
    /// Its kind.
    #[schemars(length(min = 1))]
    pub kind: String,
    /// Its name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

text_enum! {
    /// How a step fares.
    pub enum TaskPhase {
        /// It waits.
        Pending = "Pending",
        /// It runs.
        Running = "Running",
        /// It ended well.
        Succeeded = "Succeeded",
        /// It ended with a failure of its own.
        Failed = "Failed",
        /// It was not needed.
        Skipped = "Skipped",
        /// It could not be run.
        Error = "Error",
    }
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunTask {
    /// Its name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// How it fares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<TaskPhase>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub completed_at: Option<Timestamp>,
    /// More, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl WorkflowRun {
    /// The runs of a workflow, in whichever namespace if the workflow is of the whole platform.
    #[must_use]
    pub fn of_workflow(workflow: &ObjectKey) -> IndexKey {
        let namespace = workflow.namespace.as_deref().unwrap_or_default();
        let values = &[workflow.public_kind(), namespace, &workflow.name];
        IndexKey::new(KindName::WorkflowRun, "workflow", values)
    }

    /// The runs that carry the labels of a component.
    #[must_use]
    pub fn of_component(namespace: &str, project: &str, component: &str) -> IndexKey {
        IndexKey::new(
            KindName::WorkflowRun,
            "component",
            &[namespace, project, component],
        )
    }
}

impl Kind for WorkflowRun {
    const NAME: KindName = KindName::WorkflowRun;
    const FINALIZER: Option<&'static str> = Some("openchoreo.dev/workflowrun-cleanup");
    type Status = WorkflowRunStatus;

    fn validate(&self, old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        let (old, new) = (old.map(|old| &old.workflow), &self.workflow);
        let kind = old.map(|old| &old.kind);
        immutable::check(
            kind,
            &new.kind,
            "spec.workflow.kind",
            "kind is immutable",
            diagnostics,
        );
        let name = old.map(|old| &old.name);
        immutable::check(
            name,
            &new.name,
            "spec.workflow.name",
            "name is immutable",
            diagnostics,
        );
    }

    fn exports(status: &WorkflowRunStatus) -> Value {
        let ended = |condition: &str| status.conditions.is_true(condition);
        let outcome = match (ended("WorkflowSucceeded"), ended("WorkflowFailed")) {
            (true, _) => Some("Succeeded"),
            (false, true) => Some("Failed"),
            (false, false) => None,
        };
        json!({ "outcome": outcome })
    }

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let label = |name: &str| metadata.labels.get(name).map(String::as_str);
        let mut indexes = vec![Self::of_workflow(&self.workflow.key(namespace))];
        if let (Some(project), Some(component)) =
            (label(crate::label::PROJECT), label(crate::label::COMPONENT))
        {
            indexes.push(Self::of_component(namespace, project, component));
        }
        indexes
    }
}

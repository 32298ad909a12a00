//! Workflows and project types.

use serde_json::Value;

use model::{
    Diagnostics, Scope,
    kinds::{ProjectType, Workflow, reference::WorkflowPlaneKind, template::FreeForm},
};

use super::{expressions::Expressions, schemas, template, uses::unique, variables};
use crate::object;

/// Checks a workflow.
pub(super) fn check(
    expressions: &Expressions,
    spec: &Workflow,
    scope: Scope,
    diagnostics: &mut Diagnostics,
) {
    schemas::check("parameters", spec.parameters.as_ref(), "spec", diagnostics);
    let has_refs = !spec.external_refs.is_empty();
    let names = variables::of_workflow(spec.parameters.as_ref(), has_refs);
    template::body(
        expressions,
        &spec.run_template,
        &names,
        "spec.runTemplate",
        diagnostics,
    );
    run_namespace(&spec.run_template, diagnostics);
    for (index, resource) in spec.resources.iter().enumerate() {
        let path = format!("spec.resources[{index}]");
        let condition = resource.include_when.as_deref();
        let place = format!("{path}.includeWhen");
        expressions.condition("includeWhen", condition, &names, &place, diagnostics);
        let place = format!("{path}.template");
        template::body(expressions, &resource.template, &names, &place, diagnostics);
    }
    let ids = spec.resources.iter().map(|resource| resource.id.as_str());
    unique(("resource", "id"), "spec.resources", ids, diagnostics);
    let ids = spec
        .external_refs
        .iter()
        .map(|reference| reference.id.as_str());
    unique(("externalRef", "id"), "spec.externalRefs", ids, diagnostics);
    if scope == Scope::Cluster && spec.workflow_plane_ref.kind == WorkflowPlaneKind::WorkflowPlane {
        diagnostics.push(
            "spec.workflowPlaneRef.kind",
            "ClusterWorkflow can only reference ClusterWorkflowPlane, not namespace-scoped WorkflowPlane",
        );
    }
}

/// A run lives in the namespace of runs; its template must say so.
fn run_namespace(template: &FreeForm, diagnostics: &mut Diagnostics) {
    let body = Value::Object(template.clone());
    if object::namespace(&body).is_empty() {
        diagnostics.push(
            "spec.runTemplate.metadata.namespace",
            "metadata.namespace is required and must be set to \"${metadata.namespace}\"",
        );
    }
}

/// Checks a project type. The reference finds these problems only when a cell is rendered.
pub(super) fn check_project_type(
    expressions: &Expressions,
    spec: &ProjectType,
    diagnostics: &mut Diagnostics,
) {
    schemas::check_pair(
        (&spec.parameters, &spec.environment_configs),
        "spec",
        diagnostics,
    );
    let names =
        variables::of_project_type((spec.parameters.as_ref(), spec.environment_configs.as_ref()));
    for (index, rule) in spec.validations.iter().enumerate() {
        let path = format!("spec.validations[{index}].rule");
        expressions.condition("rule", Some(&rule.rule), &names, &path, diagnostics);
    }
    for (index, resource) in spec.resources.iter().enumerate() {
        let path = format!("spec.resources[{index}]");
        let condition = resource.include_when.as_deref();
        let each = (resource.for_each.as_deref(), resource.var.as_deref());
        let place = format!("{path}.includeWhen");
        expressions.condition("includeWhen", condition, &names, &place, diagnostics);
        let inner = expressions.in_loop(each, &names, &path, diagnostics);
        let body = Value::Object(resource.template.clone());
        expressions.template(&body, &inner, &format!("{path}.template"), diagnostics);
    }
    let ids = spec.resources.iter().map(|resource| resource.id.as_str());
    unique(("resource", "id"), "spec.resources", ids, diagnostics);
}

//! Workflow runs: a run and its template to a bundle for a workflow plane (reference 3.7, 2.12).

pub(crate) mod arguments;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value, json};

use model::{
    Bundle, BundleObject, BundleText, Diagnostic, Diagnostics, Policy, UnitId,
    kinds::{Workflow, WorkflowPlane, WorkflowRun, workflow_run::RunObject},
    label,
};

use crate::{
    Compiler, audit,
    context::{Undeclared, parameters},
    names, object,
    render::{self, Plane, Template},
    template::{Context, Engine},
    tree,
};

/// Everything that decides what a run is.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// Platform namespace.
    pub namespace: String,
    /// Name of the run.
    pub run_name: String,
    /// Labels of the run.
    pub labels: IndexMap<String, String>,
    /// The run.
    pub run: WorkflowRun,
    /// Its workflow.
    pub workflow: Workflow,
    /// Specs of the objects that the workflow refers to, by the id of the reference, each as
    /// `{"spec": …}`.
    pub external_refs: BTreeMap<String, Value>,
    /// The plane that runs it.
    pub workflow_plane: WorkflowPlane,
    /// The unit that the bundle is for.
    pub unit: UnitId,
}

/// A run, compiled.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// What the workflow plane should run.
    pub bundle: BundleText,
    /// The Argo `Workflow`.
    pub run: RunObject,
    /// Its id in the bundle.
    pub run_id: String,
    /// Extra resources of the run.
    pub resources: Vec<RunObject>,
}

impl Compiled {
    pub(crate) fn bytes(&self) -> usize {
        self.bundle.as_str().len()
    }
}

pub(crate) fn compile(compiler: &Compiler, snapshot: &Snapshot) -> Result<Compiled, Diagnostics> {
    let namespace = names::run_namespace(&snapshot.namespace);
    let context = Context::from_json(&variables(snapshot, &namespace)?);
    let context = context.within(&compiler.render_limits());
    let engine = compiler.plain_engine();
    let mut run = render_run(engine, &snapshot.workflow, &context)?;
    let extras = render_extras(engine, &snapshot.workflow, &context, &namespace)?;
    arguments::stringify(&mut run);
    let mut run = tree::of(&run);
    prepare_run(snapshot, &mut run, &namespace);
    let account = object::text(&run, &["spec", "serviceAccountName"]).to_owned();
    if account.is_empty() {
        let message = "spec.serviceAccountName is required in the run template".to_owned();
        return Err(render::fault("spec.runTemplate.spec.serviceAccountName", message).into());
    }
    let mut entries: Vec<(String, Policy, expr::Value)> = prerequisites(&namespace, &account)
        .into_iter()
        .map(|(id, object)| (id.to_owned(), Policy::Keep, tree::of(&object)))
        .collect();
    let mut resources = Vec::new();
    for (id, object) in extras {
        resources.push(reference(&object));
        entries.push((id, Policy::Managed, object));
    }
    let (reference, run_id) = (reference(&run), RUN_ID.to_owned());
    entries.push((run_id.clone(), Policy::Once, run));
    let bundle = bundle(&snapshot.unit, entries);
    audit::check(
        &bundle,
        &audit::Cell::Run {
            namespace: &namespace,
        },
    )
    .into_result()?;
    Ok(Compiled {
        bundle: bundle.write_with(tree::write),
        run: reference,
        run_id,
        resources,
    })
}

/// Id of the run itself in its bundle.
const RUN_ID: &str = "run";

fn bundle(unit: &UnitId, entries: Vec<(String, Policy, expr::Value)>) -> Bundle<expr::Value> {
    let label_value = unit.label_value();
    let objects = entries.into_iter().map(|(id, policy, mut object)| {
        // What all runs share belongs to none of them: each would take it from the others.
        if policy != Policy::Keep {
            object::stamp(&mut object, unit, &label_value);
        }
        BundleObject {
            id,
            policy,
            report_status: policy == Policy::Once,
            status_paths: Vec::new(),
            object,
        }
    });
    Bundle {
        unit: unit.clone(),
        requires: Vec::new(),
        features: Vec::new(),
        objects: objects.collect(),
    }
}

/// The variables of a run (reference 3.6).
///
/// # Errors
/// The schema of the parameters cannot be used.
pub(crate) fn variables(
    snapshot: &Snapshot,
    namespace: &str,
) -> Result<Map<String, Value>, Diagnostic> {
    let values = parameters(
        "parameters",
        snapshot.workflow.parameters.as_ref(),
        &snapshot.run.workflow.parameters,
        Undeclared::Pass,
    )
    .map_err(|reason| render::fault("spec.workflow.parameters", reason))?;
    let store = snapshot.workflow_plane.secret_store_ref.as_ref();
    let store = store.map_or("", |store| store.name.as_str());
    let mut variables = Map::new();
    variables.insert(
        "metadata".to_owned(),
        json!({
            "namespaceName": snapshot.namespace,
            "workflowRunName": snapshot.run_name,
            "namespace": namespace,
            "labels": snapshot.labels,
        }),
    );
    variables.insert("parameters".to_owned(), Value::Object(values));
    variables.insert("workflowplane".to_owned(), json!({"secretStore": store}));
    if !snapshot.external_refs.is_empty() {
        variables.insert("externalRefs".to_owned(), json!(snapshot.external_refs));
    }
    Ok(variables)
}

/// The run as its template gives it, with argument values in the forms that Argo reads.
///
/// # Errors
/// An expression fails, or the template gives no object with a name.
pub(crate) fn render_run(
    engine: &Engine,
    workflow: &Workflow,
    context: &Context,
) -> Result<Value, Diagnostic> {
    let body = Value::Object(workflow.run_template.clone());
    let rendered = engine.render(&body, context).map_err(|error| {
        let path = format!("spec.runTemplate{}", error.path());
        render::fault(&path, format!("failed to render the run template: {error}"))
    })?;
    let mut run = rendered.unwrap_or_default();
    for field in ["apiVersion", "kind", "metadata"] {
        if run.get(field).is_none_or(Value::is_null) {
            let message = format!("validation failed: rendered resource missing {field}");
            return Err(render::fault(&format!("spec.runTemplate.{field}"), message));
        }
    }
    if object::name(&run).is_empty() {
        let message = "validation failed: rendered resource missing metadata.name".to_owned();
        return Err(render::fault("spec.runTemplate.metadata.name", message));
    }
    arguments::normalize(&mut run);
    Ok(run)
}

/// Marks the run and its pods as the run's.
fn prepare_run(snapshot: &Snapshot, run: &mut expr::Value, namespace: &str) {
    object::insert_text(run, &["metadata"], "namespace", namespace);
    let mut labels = vec![
        (label::WORKFLOW_RUN, snapshot.run_name.as_str()),
        (label::WORKFLOW_RUN_NAMESPACE, snapshot.namespace.as_str()),
    ];
    let owner = [label::PROJECT, label::COMPONENT];
    labels.extend(
        owner
            .into_iter()
            .filter_map(|name| Some((name, snapshot.labels.get(name)?.as_str()))),
    );
    for (name, value) in &labels {
        object::insert_text(run, &["metadata", "labels"], name, value);
        object::insert_text(run, &["spec", "podMetadata", "labels"], name, value);
    }
    // The logs of the run's pods are found by these.
    object::insert_text(
        run,
        &["spec", "podMetadata", "labels"],
        label::NAMESPACE,
        &snapshot.namespace,
    );
    object::insert_text(
        run,
        &["spec", "podMetadata", "labels"],
        label::MANAGED_BY,
        label::MANAGER,
    );
}

/// What every run needs in its namespace. It is shared by all runs, and so outlives each.
fn prerequisites(namespace: &str, account: &str) -> Vec<(&'static str, Value)> {
    let role = format!("{account}-role");
    let meta = |name: &str| json!({"name": name, "namespace": namespace});
    vec![
        (
            "shared-namespace",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
        ),
        (
            "shared-service-account",
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta(account)}),
        ),
        (
            "shared-role",
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta(&role),
                "rules": [{
                    "apiGroups": ["argoproj.io"],
                    "resources": ["workflowtaskresults"],
                    "verbs": ["create", "patch"],
                }],
            }),
        ),
        (
            "shared-role-binding",
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": meta(&format!("{account}-role-binding")),
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
                "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
            }),
        ),
    ]
}

/// Extra resources; one whose name is empty or begins with `-` is left out, which is how optional
/// ones disappear.
///
/// # Errors
/// A template fails.
pub(crate) fn render_extras(
    engine: &Engine,
    workflow: &Workflow,
    context: &Context,
    namespace: &str,
) -> Result<Vec<(String, expr::Value)>, Diagnostic> {
    let mut extras = Vec::new();
    for (index, resource) in workflow.resources.iter().enumerate() {
        let template = Template {
            id: &resource.id,
            place: &format!(".resources[{index}]"),
            title: &format!("resource {}", resource.id),
            body: &resource.template,
            include_when: resource.include_when.as_deref(),
            for_each: None,
            var: None,
            plane: Plane::Data,
        };
        for rendered in template.parse(engine).render("spec", context)? {
            let mut object = rendered.object;
            let name = object::name(&object);
            if name.is_empty() || name.starts_with('-') {
                continue;
            }
            object::insert_text(&mut object, &["metadata"], "namespace", namespace);
            extras.push((rendered.id, object));
        }
    }
    Ok(extras)
}

fn reference(object: &expr::Value) -> RunObject {
    RunObject {
        api_version: object::api_version(object).to_owned(),
        kind: object::kind(object).to_owned(),
        name: object::name(object).to_owned(),
        namespace: Some(object::namespace(object).to_owned())
            .filter(|namespace| !namespace.is_empty()),
    }
}

#[cfg(test)]
mod tests;

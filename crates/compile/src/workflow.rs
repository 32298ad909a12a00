//! Workflow runs: a run and its template to a bundle for a workflow plane (reference 3.7, 2.12).

use std::sync::Arc;

use indexmap::IndexMap;
use model::{
    Bundle, BundleObject, Diagnostic, Diagnostics, Digest, Policy, UnitId,
    kinds::{Workflow, WorkflowPlane, WorkflowRun, workflow_run::RunObject},
    label,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    Compiler, audit,
    context::{Undeclared, parameters},
    names, object,
    render::{self, Template},
    template::Context,
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
    /// The plane that runs it.
    pub workflow_plane: WorkflowPlane,
    /// The unit that the bundle is for.
    pub unit: UnitId,
}

/// A run, compiled.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// What the workflow plane should run.
    pub bundle: Arc<Bundle>,
    /// Digest of the bundle.
    pub digest: Digest,
    /// The Argo `Workflow`.
    pub run: RunObject,
    /// Its id in the bundle.
    pub run_id: String,
    /// Extra resources of the run.
    pub resources: Vec<RunObject>,
}

pub(crate) fn compile(compiler: &Compiler, snapshot: &Snapshot) -> Result<Compiled, Diagnostics> {
    let namespace = names::run_namespace(&snapshot.namespace);
    let context = variables(snapshot, &namespace)?;
    let engine = compiler.plain_engine();
    let body = Value::Object(snapshot.workflow.run_template.clone());
    let rendered = engine.render(&body, &context).map_err(|error| {
        render::fault("spec.runTemplate", format!("failed to render the run template: {error}"))
    })?;
    let Some(mut run @ Value::Object(_)) = rendered else {
        return Err(render::fault("spec.runTemplate", "the run template renders nothing".to_owned()).into());
    };
    prepare_run(snapshot, &mut run, &namespace);
    let account = object::text(&run, &["spec", "serviceAccountName"]).to_owned();
    if account.is_empty() {
        let message = "spec.serviceAccountName is required in the run template".to_owned();
        return Err(render::fault("spec.runTemplate.spec.serviceAccountName", message).into());
    }
    let mut entries: Vec<(String, Policy, Value)> = prerequisites(&namespace, &account)
        .into_iter()
        .map(|(id, object)| (id.to_owned(), Policy::Keep, object))
        .collect();
    let mut resources = Vec::new();
    for extra in extras(compiler, snapshot, &context, &namespace)? {
        resources.push(reference(&extra.1));
        entries.push((extra.0, Policy::Managed, extra.1));
    }
    let (reference, run_id) = (reference(&run), "run".to_owned());
    entries.push((run_id.clone(), Policy::Once, run));
    let objects = entries.into_iter().map(|(id, policy, mut object)| {
        // What all runs share belongs to none of them.
        if policy != Policy::Keep {
            object::stamp_owner(&mut object, &snapshot.unit);
        }
        BundleObject { id, policy, report_status: policy == Policy::Once, object }
    });
    let bundle = Bundle {
        unit: snapshot.unit.clone(),
        requires: Vec::new(),
        features: Vec::new(),
        objects: objects.collect(),
    };
    audit::check(&bundle, &audit::Cell::Run { namespace: &namespace }).into_result()?;
    let digest = bundle.digest();
    Ok(Compiled { bundle: Arc::new(bundle), digest, run: reference, run_id, resources })
}

fn variables(snapshot: &Snapshot, namespace: &str) -> Result<Context, Diagnostic> {
    let values = parameters(
        "parameters",
        snapshot.workflow.parameters.as_ref(),
        &snapshot.run.workflow.parameters,
        Undeclared::Pass,
    )
    .map_err(|reason| render::fault("spec.workflow.parameters", reason))?;
    let mut plane = Map::new();
    if let Some(store) = &snapshot.workflow_plane.secret_store_ref {
        plane.insert("secretStore".to_owned(), store.name.clone().into());
    }
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
    variables.insert("workflowplane".to_owned(), Value::Object(plane));
    Ok(Context::from_json(&variables))
}

/// Makes argument values text, marks the run and its pods as the run's.
fn prepare_run(snapshot: &Snapshot, run: &mut Value, namespace: &str) {
    stringify_arguments(run);
    object::insert_text(run, &["metadata"], "namespace", namespace);
    let mut labels = vec![
        (label::WORKFLOW_RUN, snapshot.run_name.as_str()),
        (label::WORKFLOW_RUN_NAMESPACE, snapshot.namespace.as_str()),
    ];
    let owner = [label::PROJECT, label::COMPONENT];
    labels.extend(owner.into_iter().filter_map(|name| Some((name, snapshot.labels.get(name)?.as_str()))));
    for (name, value) in &labels {
        object::insert_text(run, &["metadata", "labels"], name, value);
        object::insert_text(run, &["spec", "podMetadata", "labels"], name, value);
    }
    // The logs of the run's pods are found by these.
    object::insert_text(run, &["spec", "podMetadata", "labels"], label::NAMESPACE, &snapshot.namespace);
    object::insert_text(run, &["spec", "podMetadata", "labels"], label::MANAGED_BY, label::MANAGER);
}

/// Argo takes argument values as text: objects and lists become JSON, scalars their text.
fn stringify_arguments(run: &mut Value) {
    let arguments = run.pointer_mut("/spec/arguments/parameters").and_then(Value::as_array_mut);
    for argument in arguments.into_iter().flatten() {
        if let Some(value) = argument.get_mut("value")
            && !value.is_string()
        {
            *value = Value::String(model::canonical::to_string(value));
        }
    }
}

/// What every run needs in its namespace. It is shared by all runs, and so outlives each.
fn prerequisites(namespace: &str, account: &str) -> Vec<(&'static str, Value)> {
    let role = format!("{account}-role");
    let meta = |name: &str| json!({"name": name, "namespace": namespace});
    vec![
        (
            "namespace",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
        ),
        (
            "service-account",
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta(account)}),
        ),
        (
            "role",
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
            "role-binding",
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
fn extras(
    compiler: &Compiler,
    snapshot: &Snapshot,
    context: &Context,
    namespace: &str,
) -> Result<Vec<(String, Value)>, Diagnostic> {
    let mut extras = Vec::new();
    for (index, resource) in snapshot.workflow.resources.iter().enumerate() {
        let body = Value::Object(resource.template.clone());
        let template = Template {
            id: &resource.id,
            origin: &format!("spec.resources[{index}]"),
            title: &format!("resource {}", resource.id),
            body: &body,
            include_when: resource.include_when.as_deref(),
            for_each: None,
            var: None,
            plane: render::Plane::Data,
        };
        for rendered in render::template(compiler.plain_engine(), context, &template)? {
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

fn reference(object: &Value) -> RunObject {
    RunObject {
        api_version: object::api_version(object).to_owned(),
        kind: object::kind(object).to_owned(),
        name: object::name(object).to_owned(),
        namespace: Some(object::namespace(object).to_owned()).filter(|namespace| !namespace.is_empty()),
    }
}

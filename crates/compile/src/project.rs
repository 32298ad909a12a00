//! Projects: the release of a project, in an environment, to its cell (reference 3.7, 2.9).

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value, json};

use model::{
    Bundle, BundleObject, BundleText, Diagnostic, Diagnostics, Policy, UnitId,
    kinds::{ProjectRelease, ProjectReleaseBinding, ProjectType},
};

use crate::{
    Compiler, audit,
    context::{
        self, DataPlaneContext, EnvironmentContext, Identity, Undeclared, merged_gateway,
        parameters,
    },
    names, object,
    render::{self, Rendered},
    rules,
    template::{Context, Engine},
    tree,
};

/// Everything that decides what the cell of a project is in an environment.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// Platform namespace.
    pub namespace: String,
    /// Name of the project.
    pub project_name: String,
    /// Its UID.
    pub project_uid: String,
    /// Name of the binding.
    pub binding_name: String,
    /// The release.
    pub release: ProjectRelease,
    /// The binding.
    pub binding: ProjectReleaseBinding,
    /// Annotations of the binding.
    pub annotations: IndexMap<String, String>,
    /// The environment.
    pub environment: EnvironmentContext,
    /// Its data plane.
    pub data_plane: DataPlaneContext,
    /// The unit that the bundle is for.
    pub unit: UnitId,
}

/// A cell, compiled.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// What the data plane should run.
    pub bundle: BundleText,
    /// Namespace of the cell.
    pub namespace: String,
}

impl Compiled {
    pub(crate) fn bytes(&self) -> usize {
        self.bundle.as_str().len()
    }
}

/// Why a cell cannot be compiled.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refused {
    /// A template or rule fails.
    #[error("Failed to render resources: {0}")]
    Rendering(Diagnostics),
    /// The project type renders no namespace of the name that the cell must have.
    #[error("the project type must render a v1/Namespace named {0:?}: use ${{metadata.namespace}}")]
    NamespaceMissing(String),
}

impl Refused {
    /// Reason of the condition `Synced`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Rendering(_) => "RenderingFailed",
            Self::NamespaceMissing(_) => "NamespaceMissing",
        }
    }
}

impl From<Diagnostic> for Refused {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Rendering(diagnostic.into())
    }
}

pub(crate) fn compile(compiler: &Compiler, snapshot: &Snapshot) -> Result<Compiled, Refused> {
    let cell = names::cell_namespace(
        &snapshot.namespace,
        &snapshot.project_name,
        &snapshot.environment.name,
    );
    let context = variables(snapshot, &cell)?.within(&compiler.render_limits());
    let objects = render_objects(
        compiler.plain_engine(),
        &snapshot.release.project_type.spec,
        &context,
    )
    .map_err(Refused::Rendering)?;
    let is_cell = |object: &expr::Value| {
        object::api_version(object) == "v1"
            && object::kind(object) == "Namespace"
            && object::name(object) == cell
    };
    if !objects.iter().any(|rendered| is_cell(&rendered.object)) {
        return Err(Refused::NamespaceMissing(cell));
    }
    let label_value = snapshot.unit.label_value();
    let objects = objects.into_iter().map(|rendered| {
        let mut object = rendered.object;
        object::set_missing_namespace(&mut object, &cell);
        object::stamp(&mut object, &snapshot.unit, &label_value);
        BundleObject {
            id: rendered.id,
            policy: Policy::Managed,
            report_status: false,
            status_paths: Vec::new(),
            object,
        }
    });
    let bundle = Bundle {
        unit: snapshot.unit.clone(),
        requires: Vec::new(),
        features: Vec::new(),
        objects: objects.collect(),
    };
    audit::check(&bundle, &audit::Cell::Project { namespace: &cell })
        .into_result()
        .map_err(Refused::Rendering)?;
    Ok(Compiled {
        bundle: bundle.write_with(tree::write),
        namespace: cell,
    })
}

/// What a project type renders to. Which plane a template is meant for is not asked: a cell is all on
/// the data plane.
///
/// # Errors
/// A rule does not hold or a template fails.
pub(crate) fn render_objects(
    engine: &Engine,
    project_type: &ProjectType,
    context: &Context,
) -> Result<Vec<Rendered>, Diagnostics> {
    let path = "spec.projectType.spec.validations";
    let failures = rules::failures(engine, context, path, &project_type.validations);
    rules::refuse("project type validation failed", failures)?;
    let mut objects = Vec::new();
    for manifest in render::manifests(engine, &project_type.resources) {
        objects.extend(manifest.render("spec.projectType.spec", context)?);
    }
    Ok(objects)
}

/// What the templates of a project type see.
pub(crate) fn variables(snapshot: &Snapshot, cell: &str) -> Result<Context, Diagnostic> {
    let identity = Identity {
        namespace: &snapshot.namespace,
        project: (&snapshot.project_name, &snapshot.project_uid),
        environment: (&snapshot.environment.name, &snapshot.environment.uid),
        ..Identity::default()
    };
    let project_type = &snapshot.release.project_type.spec;
    let values = |what: &str, section, given| {
        parameters(what, section, given, Undeclared::Pass)
            .map_err(|reason| render::fault(&format!("spec.{what}"), reason))
    };
    let values_of_project = values(
        "parameters",
        project_type.parameters.as_ref(),
        &snapshot.release.parameters,
    )?;
    let configs = values(
        "environmentConfigs",
        project_type.environment_configs.as_ref(),
        &snapshot.binding.environment_configs,
    )?;
    let mut variables = Map::new();
    let metadata = json!({
        "namespace": cell,
        "projectNamespace": snapshot.namespace,
        "projectName": snapshot.project_name,
        "projectUID": snapshot.project_uid,
        "environmentName": snapshot.environment.name,
        "environmentUID": snapshot.environment.uid,
        "dataPlaneName": snapshot.data_plane.name,
        "dataPlaneUID": snapshot.data_plane.uid,
        "labels": expr::Value::map(identity.labels()).to_json(),
        "annotations": snapshot.annotations,
    });
    variables.insert("metadata".to_owned(), metadata);
    variables.insert("parameters".to_owned(), Value::Object(values_of_project));
    variables.insert("environmentConfigs".to_owned(), Value::Object(configs));
    variables.insert(
        "dataplane".to_owned(),
        json!(context::data_plane(&snapshot.data_plane.spec).to_json()),
    );
    let mut environment = Map::new();
    let gateway = merged_gateway(&snapshot.environment.spec, &snapshot.data_plane.spec);
    if let Some(gateway) = context::gateway(&gateway).and_then(|gateway| gateway.to_json()) {
        environment.insert("gateway".to_owned(), gateway.clone());
        variables.insert("gateway".to_owned(), gateway);
    }
    variables.insert("environment".to_owned(), Value::Object(environment));
    Ok(Context::from_json(&variables))
}

#[cfg(test)]
mod tests;

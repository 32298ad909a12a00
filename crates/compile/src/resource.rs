//! Resources: the release of a resource, in an environment, to a bundle, and what it offers and how
//! it fares once the cluster has answered (reference 3.7, 2.10).
//!
//! Rendering is part of step 6; outputs and readiness are asked of what was compiled when a report
//! comes, with the status of the live objects as `applied.<id>.status`. Which parts of the status are
//! asked for is found in the expressions, so that a report carries no more than that.

mod outputs;
mod readiness;
mod reads;
mod variables;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use model::{
    Bundle, BundleObject, BundleText, Diagnostic, Diagnostics, ObjectReport, Policy, UnitId,
    kinds::{
        ResourceRelease, ResourceReleaseBinding, ResourceType, output::Output,
        owner::ResourceOwner, resource_type::ResourceManifest,
    },
};

use crate::{
    Compiler, audit,
    context::{DataPlaneContext, EnvironmentContext},
    go, names, object,
    render::{self, Plane, Rendered},
    template::{Context, Engine},
    tree,
};

pub use outputs::Outputs;

/// Everything that decides what a resource is in an environment.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// Platform namespace.
    pub namespace: String,
    /// Name of the resource.
    pub resource_name: String,
    /// Its UID.
    pub resource_uid: String,
    /// Name of its project.
    pub project_name: String,
    /// UID of its project.
    pub project_uid: String,
    /// Name of the binding.
    pub binding_name: String,
    /// The release.
    pub release: ResourceRelease,
    /// The binding.
    pub binding: ResourceReleaseBinding,
    /// Annotations of the binding.
    pub annotations: IndexMap<String, String>,
    /// The environment.
    pub environment: EnvironmentContext,
    /// Its data plane.
    pub data_plane: DataPlaneContext,
    /// The unit that the bundle is for.
    pub unit: UnitId,
    /// The unit of the project's cell, if there is one.
    pub cell_unit: Option<UnitId>,
}

/// A resource, compiled.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// What the data plane should run.
    pub bundle: BundleText,
    /// Length of what expressions see.
    seen: usize,
    engine: Engine,
    context: Context,
    /// Templates of the outputs.
    outputs: Vec<Output>,
    /// What was rendered, and when each is ready.
    entries: Vec<Entry>,
}

impl Compiled {
    pub(crate) fn bytes(&self) -> usize {
        self.bundle.as_str().len() + self.seen
    }
}

/// An object that was rendered.
#[derive(Debug, Clone)]
struct Entry {
    id: String,
    ready_when: Option<String>,
}

/// The live `.status` of objects, by the ids of their templates.
pub type Observed = BTreeMap<String, Value>;

/// What reports say of the status of objects; one without a status says nothing.
#[must_use]
pub fn observed(objects: &[ObjectReport]) -> Observed {
    let known = objects.iter().filter_map(|object| {
        let status = object.status.clone().filter(|status| !status.is_null())?;
        Some((object.id.clone(), status))
    });
    known.collect()
}

/// Checks that a release is one of the resource that a binding is for.
///
/// # Errors
/// Whose each of them is.
pub fn check_owner(
    binding: &ResourceReleaseBinding,
    release: &ResourceRelease,
) -> Result<(), String> {
    if binding.owner == release.owner {
        return Ok(());
    }
    let text = |owner: &ResourceOwner| {
        let (project, resource) = (&owner.project_name, &owner.resource_name);
        format!("(project: {project:?}, resource: {resource:?})")
    };
    Err(format!(
        "binding owner {} does not match ResourceRelease owner {}",
        text(&binding.owner),
        text(&release.owner)
    ))
}

/// Where the snapshot of the resource type stands in a release.
const TYPE: &str = "spec.resourceType.spec";

pub(crate) fn compile(compiler: &Compiler, snapshot: &Snapshot) -> Result<Compiled, Diagnostics> {
    let engine = compiler.plain_engine();
    let resource_type = &snapshot.release.resource_type.spec;
    let cell = names::cell_namespace(
        &snapshot.namespace,
        &snapshot.project_name,
        &snapshot.environment.name,
    );
    let labels = variables::identity(snapshot).labels();
    let variables = variables::map(
        resource_type,
        &snapshot.release.parameters,
        &snapshot.binding.resource_type_environment_configs,
        variables::platform(snapshot, &cell, &labels),
    )?;
    let context = Context::from_json(&variables);
    let rendered = render_objects(engine, resource_type, &context)?;
    let entries = entries(resource_type, &rendered);
    let mut paths = reads::status_paths(engine, &resource_type.outputs, &entries);
    let label_value = snapshot.unit.label_value();
    let mut objects = Vec::with_capacity(rendered.len());
    for mut entry in rendered {
        complete(&entry)?;
        object::add_missing_labels(&mut entry.object, &labels);
        object::set_missing_namespace(&mut entry.object, &cell);
        object::stamp(&mut entry.object, &snapshot.unit, &label_value);
        let paths = paths.remove(&entry.id);
        objects.push(BundleObject {
            id: entry.id,
            policy: Policy::Managed,
            report_status: paths.is_some(),
            status_paths: paths.unwrap_or_default(),
            object: entry.object,
        });
    }
    let bundle = Bundle {
        unit: snapshot.unit.clone(),
        requires: snapshot.cell_unit.iter().cloned().collect(),
        features: Vec::new(),
        objects,
    };
    audit::check(&bundle, &audit::Cell::Resource { namespace: &cell }).into_result()?;
    Ok(Compiled {
        seen: Value::Object(variables).to_string().len(),
        bundle: bundle.write_with(tree::write),
        engine: engine.clone(),
        context,
        outputs: resource_type.outputs.clone(),
        entries,
    })
}

fn entries(resource_type: &ResourceType, rendered: &[Rendered]) -> Vec<Entry> {
    let ready_when = |id: &str| {
        let mut manifests = resource_type.resources.iter();
        let manifest = manifests.find(|manifest| manifest.id == id)?;
        let condition = manifest.ready_when.as_ref();
        condition.filter(|condition| !condition.is_empty()).cloned()
    };
    let entries = rendered.iter().map(|entry| Entry {
        id: entry.id.clone(),
        ready_when: ready_when(&entry.id),
    });
    entries.collect()
}

/// What a resource type renders to, in the order of its templates.
///
/// # Errors
/// A condition or an expression fails.
pub(crate) fn render_objects(
    engine: &Engine,
    resource_type: &ResourceType,
    context: &Context,
) -> Result<Vec<Rendered>, Diagnostic> {
    let mut objects = Vec::new();
    for (index, manifest) in resource_type.resources.iter().enumerate() {
        let origin = format!("{TYPE}.resources[{index}]");
        if is_included(engine, context, manifest, &origin)? {
            objects.extend(one(engine, context, manifest, origin)?);
        }
    }
    Ok(objects)
}

fn is_included(
    engine: &Engine,
    context: &Context,
    manifest: &ResourceManifest,
    origin: &str,
) -> Result<bool, Diagnostic> {
    let condition = manifest.include_when.as_deref().unwrap_or_default();
    condition_holds("includeWhen", engine, context, condition).map_err(|reason| {
        let message = format!(
            "evaluate includeWhen for resource {:?}: {reason}",
            manifest.id
        );
        render::fault(&format!("{origin}.includeWhen"), message)
    })
}

/// Whether a condition holds; an empty one does.
///
/// # Errors
/// It cannot be evaluated, or gives no boolean.
pub(crate) fn condition_holds(
    name: &str,
    engine: &Engine,
    context: &Context,
    condition: &str,
) -> Result<bool, String> {
    if condition.is_empty() {
        return Ok(true);
    }
    render::boolean(engine, context, condition)?
        .map_err(|got| format!("{name} must evaluate to bool, got {got}"))
}

fn one(
    engine: &Engine,
    context: &Context,
    manifest: &ResourceManifest,
    origin: String,
) -> Result<Option<Rendered>, Diagnostic> {
    let fault = |path: &str, reason: String| {
        let message = format!("render resource {:?}: {reason}", manifest.id);
        render::fault(&format!("{origin}.template{path}"), message)
    };
    let object = engine
        .parse_map(&manifest.template)
        .render(context)
        .map_err(|error| fault(error.path(), error.to_string()))?;
    match object {
        None => Ok(None),
        Some(object @ expr::Value::Map(_)) => Ok(Some(Rendered {
            id: manifest.id.clone(),
            plane: Plane::Data,
            object,
            origin,
        })),
        Some(other) => {
            let got = go::type_name(&other.to_json().unwrap_or_default());
            Err(fault("", format!("must render to an object, got {got}")))
        }
    }
}

/// An object says what it is.
fn complete(rendered: &Rendered) -> Result<(), Diagnostic> {
    let object = &rendered.object;
    let fields = [
        ("apiVersion", object::api_version(object)),
        ("kind", object::kind(object)),
        ("metadata.name", object::name(object)),
    ];
    let missing = fields.into_iter().find(|(_, value)| value.is_empty());
    missing.map_or(Ok(()), |(field, _)| {
        let message = format!("render resource {:?}: {field} is missing", rendered.id);
        let path = format!("{}.template.{field}", rendered.origin);
        Err(render::fault(&path, message))
    })
}

#[cfg(test)]
mod tests;

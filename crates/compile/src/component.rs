//! Components: the release of a component, in an environment, to a bundle (reference 3.3).

mod finish;
pub(crate) mod instances;
pub(crate) mod variables;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use model::{
    Bundle, Diagnostic, Diagnostics, Digest, UnitId,
    kinds::{
        ComponentRelease, ComponentType, ReleaseBinding, release_binding::status::EndpointStatus,
    },
};

use crate::{
    Compiler, audit,
    connections::{Item, resources::ResourceItem},
    context::{DataPlaneContext, EnvironmentContext, configurations::Secrets},
    endpoints,
    render::{self, Rendered, Template},
    rules,
    template::Engine,
    trace::Trace,
    traits,
};

pub use variables::{Variables, secret_references};

/// Everything that decides what a release of a component is in an environment.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// Platform namespace.
    pub namespace: String,
    /// Name of the component.
    pub component_name: String,
    /// Its UID.
    pub component_uid: String,
    /// Name of its project.
    pub project_name: String,
    /// UID of its project.
    pub project_uid: String,
    /// Name of the binding.
    pub binding_name: String,
    /// The release.
    pub release: ComponentRelease,
    /// The binding.
    pub binding: ReleaseBinding,
    /// Time of the last restart that was asked for, as text.
    pub restarted_at: Option<String>,
    /// The environment.
    pub environment: EnvironmentContext,
    /// Its data plane.
    pub data_plane: DataPlaneContext,
    /// The unit that the bundle is for.
    pub unit: UnitId,
    /// The unit of the project's cell, if there is one.
    pub cell_unit: Option<UnitId>,
    /// Connections to other components, in the order of the workload's dependencies.
    pub connections: Vec<Item>,
    /// Resource dependencies that were resolved.
    pub resources: Vec<ResourceItem>,
    /// Where alerts of the environment go when a component says nothing else.
    pub notification_channel: Option<String>,
    /// Where the secrets that the workload names are kept.
    pub secrets: Secrets,
}

/// A component, compiled.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// What the data plane should run.
    pub bundle: Arc<Bundle>,
    /// Digest of the bundle.
    pub digest: Digest,
    /// Length of the bundle's text.
    pub(crate) bytes: usize,
    /// Where the component is reached.
    pub endpoints: Vec<EndpointStatus>,
    /// What the observability plane should hold, if anything.
    pub observability: Option<Arc<Bundle>>,
}

pub(crate) fn compile(compiler: &Compiler, snapshot: &Snapshot) -> Result<Compiled, Diagnostics> {
    let mut variables = Variables::new(snapshot)?;
    variables.base = variables.base.within(&compiler.render_limits());
    let mut rendered = render_objects(compiler, snapshot, &variables)?;
    let observability = finish::take_observability(&mut rendered);
    let observability = finish::observability_bundle(snapshot, &variables, observability)?;
    let bundle = finish::data_bundle(snapshot, &variables, rendered)?;
    let cell = audit::Cell::Component {
        namespace: &variables.cell,
        labels: &variables.labels,
    };
    audit::check(&bundle, &cell).into_result()?;
    let gateway = endpoints::gateway(&snapshot.environment.spec, &snapshot.data_plane.spec);
    let objects = bundle.objects.iter().map(|entry| &entry.object);
    let endpoints = endpoints::resolve(
        &snapshot.release.workload.endpoints,
        objects,
        Some(&gateway),
    );
    let text = bundle.to_text();
    let (digest, bytes) = (Digest::of(text.as_bytes()), text.len());
    let (bundle, observability) = (Arc::new(bundle), observability.map(Arc::new));
    Ok(Compiled {
        bundle,
        digest,
        bytes,
        endpoints,
        observability,
    })
}

/// What the type and the traits render to, labelled and sorted, for every plane: what the reference
/// calls the result of its pipeline.
///
/// # Errors
/// The first failure of each step.
pub fn render_labelled(
    compiler: &Compiler,
    snapshot: &Snapshot,
    variables: &Variables,
) -> Result<Vec<Value>, Diagnostics> {
    let rendered = render_objects(compiler, snapshot, variables)?;
    Ok(finish::label_and_sort(variables, rendered)?)
}

/// What the type and the traits render to, in order, before anything is added to it.
///
/// # Errors
/// The first failure of each step.
pub fn render_objects(
    compiler: &Compiler,
    snapshot: &Snapshot,
    variables: &Variables,
) -> Result<Vec<Rendered>, Diagnostics> {
    render_traced(compiler, snapshot, variables, &mut Trace::Off)
}

/// As [`render_objects`], telling what each step left.
pub(crate) fn render_traced(
    compiler: &Compiler,
    snapshot: &Snapshot,
    variables: &Variables,
    trace: &mut Trace,
) -> Result<Vec<Rendered>, Diagnostics> {
    let engine = compiler.component_engine();
    let component_type = &snapshot.release.component_type.spec;
    let (field, pre_render) = component_type.pre_render_rules();
    rules::refuse(
        "component type validation failed",
        rules::failures(
            engine,
            &variables.base,
            &format!("{TYPE}.{field}"),
            pre_render,
        ),
    )?;
    let mut rendered = base_objects(engine, component_type, variables)?;
    rendered.iter().for_each(|base| trace.rendered(base));
    let applied = instances::all(engine, snapshot, variables)?;
    for applied in &applied {
        traits::apply(engine, applied, &mut rendered, trace)?;
    }
    let owner = format!("ComponentType {}", snapshot.release.component_type.name);
    let rules = &component_type.post_render_validations;
    let path = format!("{TYPE}.postRenderValidations");
    let mut failures =
        rules::post_failures(engine, &variables.base, (&owner, &path), rules, &rendered);
    for applied in &applied {
        let owner = format!("{} {}/{}", applied.kind, applied.name, applied.instance);
        let path = format!("{}.spec.postRenderValidations", applied.origin);
        let rules = &applied.spec.post_render_validations;
        failures.extend(rules::post_failures(
            engine,
            &applied.context,
            (&owner, &path),
            rules,
            &rendered,
        ));
    }
    rules::refuse("post-render validation failed", failures)?;
    Ok(rendered)
}

/// Where the snapshot of the component type stands in a release.
const TYPE: &str = "spec.componentType.spec";

/// What the component type renders to.
fn base_objects(
    engine: &Engine,
    component_type: &ComponentType,
    variables: &Variables,
) -> Result<Vec<Rendered>, Diagnostic> {
    let mut rendered = Vec::new();
    for (index, resource) in component_type.resources.iter().enumerate() {
        let body = Value::Object(resource.template.clone());
        let template = Template {
            id: &resource.id,
            origin: &format!("{TYPE}.resources[{index}]"),
            title: &format!("resource {}", resource.id),
            body: &body,
            include_when: resource.include_when.as_deref(),
            for_each: resource.for_each.as_deref().filter(|each| !each.is_empty()),
            var: resource.var.as_deref(),
            plane: rules::plane_of(resource.target_plane),
        };
        let objects = render::template(engine, &variables.base, &template).map_err(|fault| {
            let message = format!("failed to render base resources: {}", fault.message);
            Diagnostic { message, ..fault }
        })?;
        rendered.extend(objects);
    }
    Ok(rendered)
}

#[cfg(test)]
mod tests;

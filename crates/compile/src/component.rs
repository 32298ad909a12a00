//! Components: the release of a component, in an environment, to a bundle (reference 3.3).

mod finish;
pub(crate) mod instances;
mod release;
pub(crate) mod variables;

use serde::Serialize;

use expr::Value;
use model::{
    BundleText, Diagnostic, Diagnostics, UnitId,
    kinds::{ReleaseBinding, release_binding::status::EndpointStatus},
};

use crate::{
    Compiler, audit,
    connections::{Item, resources::ResourceItem},
    context::{DataPlaneContext, EnvironmentContext, configurations::Secrets},
    endpoints, prepared,
    render::Rendered,
    rules,
    trace::Trace,
    traits, tree,
};

pub use release::Release;
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
    pub release: Release,
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
    pub bundle: BundleText,
    /// Where the component is reached.
    pub endpoints: Vec<EndpointStatus>,
    /// What the observability plane should hold, if anything.
    pub observability: Option<BundleText>,
}

impl Compiled {
    pub(crate) fn bytes(&self) -> usize {
        let bundles = std::iter::once(&self.bundle).chain(&self.observability);
        bundles.map(|bundle| bundle.as_str().len()).sum()
    }
}

pub(crate) fn compile(compiler: &Compiler, snapshot: &Snapshot) -> Result<Compiled, Diagnostics> {
    let parts = compiler.prepare(&snapshot.release);
    let schemas = &parts.component_type.schemas;
    let mut variables = Variables::new(snapshot, schemas, variables::Wanted::ReadBy(&parts))?;
    variables.base = variables.base.within(&compiler.render_limits());
    let mut rendered = render_parts(compiler, snapshot, (&variables, &parts), &mut Trace::Off)?;
    let observability = finish::take_observability(&mut rendered);
    let observability = finish::observability_bundle(snapshot, &variables, observability)?;
    let bundle = finish::data_bundle(snapshot, &variables, rendered)?;
    let cell = audit::Cell::Component {
        namespace: &variables.cell,
        labels: &variables.labels,
    };
    audit::check(&bundle, &cell).into_result()?;
    let objects = bundle.objects.iter().map(|entry| &entry.object);
    let endpoints = endpoints::resolve(
        &snapshot.release.workload.endpoints,
        objects,
        Some(&variables.gateway),
    );
    Ok(Compiled {
        bundle: bundle.write_with(tree::write),
        endpoints,
        observability: observability.map(|bundle| bundle.write_with(tree::write)),
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
    let parts = compiler.prepare(&snapshot.release);
    render_parts(compiler, snapshot, (variables, &parts), trace)
}

fn render_parts(
    compiler: &Compiler,
    snapshot: &Snapshot,
    (variables, parts): (&Variables, &prepared::Parts),
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
    let mut rendered = base_objects(&parts.component_type, variables)?;
    rendered.iter().for_each(|base| trace.rendered(base));
    let applied = instances::of(engine, snapshot, (variables, parts))?;
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
    component_type: &prepared::ComponentType,
    variables: &Variables,
) -> Result<Vec<Rendered>, Diagnostic> {
    let mut rendered = Vec::with_capacity(component_type.manifests.len());
    for manifest in &component_type.manifests {
        let objects = manifest.render(TYPE, &variables.base).map_err(|fault| {
            let message = format!("failed to render base resources: {}", fault.message);
            Diagnostic { message, ..fault }
        })?;
        rendered.extend(objects);
    }
    Ok(rendered)
}

#[cfg(test)]
mod tests;

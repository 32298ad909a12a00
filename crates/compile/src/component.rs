//! Components: the release of a component, in an environment, to a bundle (reference 3.3).

mod finish;
mod variables;

use std::sync::Arc;

use model::{
    Bundle, Diagnostic, Diagnostics, Digest, UnitId,
    kinds::{
        ComponentRelease, ReleaseBinding,
        component_release::TraitSnapshot,
        release_binding::status::EndpointStatus,
    },
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Compiler, audit,
    connections::Item,
    context::{DataPlaneContext, EnvironmentContext, configurations::Secrets},
    endpoints,
    render::{self, Rendered, Template},
    rules,
    template::Context,
    traits::{self, Applied},
};

pub use variables::Variables;

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
    /// Connections that were resolved.
    pub connections: Vec<Item>,
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
    /// Where the component is reached.
    pub endpoints: Vec<EndpointStatus>,
    /// What is meant for the observability plane.
    pub observability: Vec<Value>,
}

pub(crate) fn compile(compiler: &Compiler, snapshot: &Snapshot) -> Result<Compiled, Diagnostics> {
    let variables = Variables::new(snapshot)?;
    let mut rendered = render_objects(compiler, snapshot, &variables)?;
    let observability = finish::take_observability(&mut rendered);
    let objects = finish::finish(snapshot, &variables, rendered)?;
    let gateway = snapshot.environment.spec.gateway.as_ref().filter(|g| g.ingress.is_some());
    let gateway = gateway.or(snapshot.data_plane.spec.gateway.as_ref());
    let workload_endpoints = &snapshot.release.workload.endpoints;
    let endpoints =
        endpoints::resolve(workload_endpoints, objects.iter().map(|(_, object)| object), gateway);
    let bundle = finish::bundle(snapshot, objects);
    audit::check(&bundle, &audit::Cell::Component { namespace: &variables.cell }).into_result()?;
    let digest = bundle.digest();
    Ok(Compiled { bundle: Arc::new(bundle), digest, endpoints, observability })
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
    let engine = compiler.component_engine();
    let component_type = &snapshot.release.component_type.spec;
    let (field, pre_render) = component_type.pre_render_rules();
    refuse(
        &format!("spec.componentType.spec.{field}"),
        "component type validation failed",
        rules::failures(engine, &variables.base, pre_render),
    )?;
    let mut rendered = Vec::new();
    for (index, resource) in component_type.resources.iter().enumerate() {
        let body = Value::Object(resource.template.clone());
        let template = Template {
            id: &resource.id,
            origin: &format!("spec.componentType.spec.resources[{index}]"),
            title: &format!("resource {}", resource.id),
            body: &body,
            include_when: resource.include_when.as_deref(),
            for_each: resource.for_each.as_deref().filter(|each| !each.is_empty()),
            var: resource.var.as_deref(),
            plane: rules::plane_of(resource.target_plane),
        };
        rendered.extend(render::template(engine, &variables.base, &template)?);
    }
    let applied = instances(compiler, snapshot, variables)?;
    for applied in &applied {
        traits::apply(engine, applied, &mut rendered)?;
    }
    let mut failures = rules::post_failures(
        engine,
        &variables.base,
        &format!("ComponentType {}", snapshot.release.component_type.name),
        &component_type.post_render_validations,
        &rendered,
    );
    for applied in &applied {
        failures.extend(rules::post_failures(
            engine,
            &applied.context,
            &applied.title,
            &applied.spec.post_render_validations,
            &rendered,
        ));
    }
    refuse("spec", "post-render validation failed", failures)?;
    Ok(rendered)
}

fn refuse(path: &str, prefix: &str, failures: Vec<String>) -> Result<(), Diagnostic> {
    if failures.is_empty() {
        return Ok(());
    }
    Err(render::fault(path, format!("{prefix}: {}", failures.join("; "))))
}

/// Embedded traits in their order, then those of the component, each with its variables.
fn instances<'a>(
    compiler: &Compiler,
    snapshot: &'a Snapshot,
    variables: &Variables,
) -> Result<Vec<Applied<'a>>, Diagnostics> {
    let release = &snapshot.release;
    let mut applied = Vec::new();
    for embedded in &release.component_type.spec.traits {
        let title = format!("{} {}/{}", embedded.kind.as_str(), embedded.name, embedded.instance_name);
        let (origin, found) = find(&release.traits, embedded.kind.as_str(), &embedded.name, &title)?;
        let render = |what: &str, values: &model::kinds::template::FreeForm| {
            compiler
                .component_engine()
                .render(&Value::Object(values.clone()), &variables.base)
                .map_err(|error| {
                    render::fault(&origin, format!("{title}: failed to resolve {what}: {error}"))
                })
        };
        let parameters = render("parameters", &embedded.parameters)?;
        let configs = render("environmentConfigs", &embedded.environment_configs)?;
        let given = variables::TraitValues { parameters: as_map(parameters), configs: as_map(configs) };
        let context = variables
            .for_trait(&found.spec, (&embedded.name, &embedded.instance_name), &given)
            .map_err(|reason| render::fault(&origin, format!("{title}: {reason}")))?;
        applied.push(checked(compiler, title, origin, found, context)?);
    }
    let profile = release.component_profile.iter().flat_map(|profile| &profile.traits);
    for instance in profile {
        let title = format!("{} {}/{}", instance.kind.as_str(), instance.name, instance.instance_name);
        let (origin, found) = find(&release.traits, instance.kind.as_str(), &instance.name, &title)?;
        let configs = snapshot.binding.trait_environment_configs.get(&instance.instance_name);
        let given = variables::TraitValues {
            parameters: instance.parameters.clone(),
            configs: configs.cloned().unwrap_or_default(),
        };
        let context = variables
            .for_trait(&found.spec, (&instance.name, &instance.instance_name), &given)
            .map_err(|reason| render::fault(&origin, format!("{title}: {reason}")))?;
        applied.push(checked(compiler, title, origin, found, context)?);
    }
    Ok(applied)
}

fn as_map(value: Option<Value>) -> model::kinds::template::FreeForm {
    match value {
        Some(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    }
}

fn checked<'a>(
    compiler: &Compiler,
    title: String,
    origin: String,
    found: &'a TraitSnapshot,
    context: Context,
) -> Result<Applied<'a>, Diagnostic> {
    let (field, pre_render) = found.spec.pre_render_rules();
    let failures = rules::failures(compiler.component_engine(), &context, pre_render);
    let name = title.split_once(' ').map_or(&*title, |(_, name)| name);
    refuse(
        &format!("{origin}.spec.{field}"),
        &format!("trait {name} validation failed"),
        failures,
    )?;
    Ok(Applied { title, origin, spec: &found.spec, context })
}

fn find<'a>(
    traits: &'a [TraitSnapshot],
    kind: &str,
    name: &str,
    title: &str,
) -> Result<(String, &'a TraitSnapshot), Diagnostic> {
    let found = traits
        .iter()
        .enumerate()
        .find(|(_, snapshot)| snapshot.kind.as_str() == kind && snapshot.name == name);
    match found {
        Some((index, snapshot)) => Ok((format!("spec.traits[{index}]"), snapshot)),
        None => Err(render::fault("spec.traits", format!("{title}: the release has no snapshot of it"))),
    }
}

//! The traits of a component with the variables of each: embedded ones first, then its own.

use std::sync::Arc;

use serde_json::{Map, Value};

use model::{
    Diagnostic, Diagnostics,
    kinds::{
        ComponentRelease, component_release::TraitSnapshot, reference::TraitKind,
        template::FreeForm,
    },
};

use super::{
    Snapshot,
    variables::{TraitValues, Variables},
};
use crate::{
    Compiler,
    prepared::{self, Parts},
    render, rules,
    template::Engine,
    traits::Applied,
};

/// Every trait of the release, in the order in which it is applied, with its rules checked.
///
/// # Errors
/// A snapshot is missing, values do not fit, or a rule does not hold.
pub(crate) fn all<'a>(
    compiler: &Compiler,
    snapshot: &'a Snapshot,
    variables: &Variables,
) -> Result<Vec<Applied<'a>>, Diagnostics> {
    let parts = compiler.prepare(&snapshot.release);
    of(compiler.component_engine(), snapshot, (variables, &parts))
}

/// As [`all`], of a release that is parsed.
pub(super) fn of<'a>(
    engine: &Engine,
    snapshot: &'a Snapshot,
    (variables, parts): (&Variables, &Parts),
) -> Result<Vec<Applied<'a>>, Diagnostics> {
    let release = &snapshot.release;
    let mut applied = Vec::new();
    for (index, embedded) in release.component_type.spec.traits.iter().enumerate() {
        let found = find(release, parts, embedded.kind, &embedded.name)?;
        let use_of = Use {
            name: &embedded.name,
            instance: &embedded.instance_name,
        };
        let path = format!("spec.componentType.spec.traits[{index}]");
        let resolve = |what: &str, values: &FreeForm| {
            bindings(engine, variables, &use_of, (&path, what), values)
        };
        let given = TraitValues {
            parameters: resolve("parameters", &embedded.parameters)?,
            configs: resolve("environmentConfigs", &embedded.environment_configs)?,
        };
        applied.push(one(engine, variables, found, use_of, &given)?);
    }
    for instance in release
        .component_profile
        .iter()
        .flat_map(|profile| &profile.traits)
    {
        let found = find(release, parts, instance.kind, &instance.name)?;
        let use_of = Use {
            name: &instance.name,
            instance: &instance.instance_name,
        };
        let configs = snapshot
            .binding
            .trait_environment_configs
            .get(&instance.instance_name);
        let given = TraitValues {
            parameters: instance.parameters.clone(),
            configs: configs.cloned().unwrap_or_default(),
        };
        applied.push(one(engine, variables, found, use_of, &given)?);
    }
    Ok(applied)
}

/// One use of a trait.
struct Use<'a> {
    name: &'a str,
    instance: &'a str,
}

/// The values of an embedded trait are templates over the variables of the component.
fn bindings(
    engine: &Engine,
    variables: &Variables,
    Use { name, instance }: &Use<'_>,
    (path, what): (&str, &str),
    values: &FreeForm,
) -> Result<FreeForm, Diagnostic> {
    let rendered = engine
        .render(&Value::Object(values.clone()), &variables.base)
        .map_err(|error| {
            render::fault(
                &format!("{path}.{what}{}", error.path()),
                format!(
                    "failed to resolve embedded trait {name}/{instance} {what}: \
                     failed to evaluate CEL bindings: {error}"
                ),
            )
        })?;
    Ok(match rendered {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    })
}

fn one<'a>(
    engine: &Engine,
    variables: &Variables,
    Found {
        origin,
        snapshot: found,
        prepared,
    }: Found<'a>,
    Use { name, instance }: Use<'a>,
    given: &TraitValues,
) -> Result<Applied<'a>, Diagnostics> {
    let context = variables
        .for_trait(&prepared.schemas, (name, instance), given)
        .map_err(|reason| {
            let message = format!("failed to build trait context for {name}/{instance}: {reason}");
            render::fault(&origin, message)
        })?;
    let (field, rules) = found.spec.pre_render_rules();
    let failures = rules::failures(engine, &context, &format!("{origin}.spec.{field}"), rules);
    rules::refuse(
        &format!("trait {name}/{instance} validation failed"),
        failures,
    )?;
    Ok(Applied {
        kind: found.kind.as_str(),
        name,
        instance,
        origin,
        spec: &found.spec,
        prepared,
        context,
    })
}

/// A trait of a release.
struct Found<'a> {
    /// Where it stands there.
    origin: String,
    snapshot: &'a TraitSnapshot,
    prepared: Arc<prepared::Trait>,
}

fn find<'a>(
    release: &'a ComponentRelease,
    parts: &Parts,
    kind: TraitKind,
    name: &str,
) -> Result<Found<'a>, Diagnostic> {
    let mut traits = release.traits.iter().zip(&parts.traits).enumerate();
    let found = traits.find(|(_, (snapshot, _))| snapshot.kind == kind && snapshot.name == name);
    found
        .map(|(index, (snapshot, prepared))| Found {
            origin: format!("spec.traits[{index}]"),
            snapshot,
            prepared: Arc::clone(prepared),
        })
        .ok_or_else(|| {
            render::fault(
                "spec.traits",
                format!("{kind} {name:?} is used, but the release holds no copy of it"),
            )
        })
}

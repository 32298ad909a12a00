//! Releases of components and resources that somebody writes: a snapshot must hold together on its own.

use std::collections::BTreeSet;

use serde_json::Value;

use model::{
    Diagnostics,
    kinds::{
        ComponentRelease, ResourceRelease,
        template::{FreeForm, SchemaSection},
    },
};

use super::{component_type, expressions::Expressions, resource_type, traits, uses};
use crate::schema::Schema;

/// Checks a release. Parameters are given their defaults before they are validated; the reference
/// validates without, and so refuses what would render.
pub(super) fn check(
    expressions: &Expressions,
    spec: &ComponentRelease,
    diagnostics: &mut Diagnostics,
) {
    component_type::check(
        expressions,
        &spec.component_type.spec,
        "spec.componentType.spec",
        diagnostics,
    );
    let mut seen = BTreeSet::new();
    for (index, snapshot) in spec.traits.iter().enumerate() {
        let path = format!("spec.traits[{index}]");
        if !seen.insert((snapshot.kind, &snapshot.name)) {
            let message = format!("duplicate value: \"{}:{}\"", snapshot.kind, snapshot.name);
            diagnostics.push(&path, message);
        }
        traits::check(
            expressions,
            &snapshot.spec,
            &format!("{path}.spec"),
            diagnostics,
        );
    }
    if spec.workload.container.image.is_empty() {
        diagnostics.push(
            "spec.workload.container.image",
            "container image is required",
        );
    }
    profile(spec, diagnostics);
}

fn profile(spec: &ComponentRelease, diagnostics: &mut Diagnostics) {
    let empty = FreeForm::new();
    let profile = spec.component_profile.as_ref();
    let parameters = profile.map_or(&empty, |profile| &profile.parameters);
    let component_type = &spec.component_type.spec;
    for problem in problems(component_type.parameters.as_ref(), parameters) {
        diagnostics.push(
            "spec.componentProfile.parameters",
            format!("parameters do not match ComponentType schema: {problem}"),
        );
    }
    let Some(profile) = profile else { return };
    let names = profile
        .traits
        .iter()
        .map(|instance| instance.instance_name.as_str());
    uses::unique_instances("spec.componentProfile.traits", names, diagnostics);
    for (index, instance) in profile.traits.iter().enumerate() {
        let path = format!("spec.componentProfile.traits[{index}]");
        let found = spec
            .traits
            .iter()
            .find(|snapshot| snapshot.kind == instance.kind && snapshot.name == instance.name);
        let Some(found) = found else {
            let (name, kind) = (&instance.name, instance.kind);
            diagnostics.push(
                format!("{path}.name"),
                format!(
                    "trait '{name}' (kind {kind}) referenced in componentProfile but not found in \
                     traits snapshot"
                ),
            );
            continue;
        };
        for problem in problems(found.spec.parameters.as_ref(), &instance.parameters) {
            let kind = instance.kind;
            diagnostics.push(
                format!("{path}.parameters"),
                format!(
                    "parameters do not match {kind} {:?} schema: {problem}",
                    instance.name
                ),
            );
        }
    }
}

/// Checks a release of a resource; parameters are given their defaults first, as for components.
pub(super) fn check_resource(
    expressions: &Expressions,
    spec: &ResourceRelease,
    diagnostics: &mut Diagnostics,
) {
    let snapshot = &spec.resource_type;
    let base = "spec.resourceType.spec";
    resource_type::check(expressions, &snapshot.spec, base, diagnostics);
    for problem in problems(snapshot.spec.parameters.as_ref(), &spec.parameters) {
        let kind = snapshot.kind;
        let message = format!("parameters do not match {kind} schema: {problem}");
        diagnostics.push("spec.parameters", message);
    }
}

/// Where values do not fit a schema that can be used; one that cannot is said elsewhere.
fn problems(section: Option<&SchemaSection>, values: &FreeForm) -> Vec<String> {
    let raw = section
        .map(|section| &section.open_api_v3_schema)
        .filter(|raw| !raw.is_empty());
    let schema = raw.and_then(|raw| Schema::of(raw).ok());
    schema.map_or_else(Vec::new, |schema| match schema.fill(values) {
        Ok(values) => schema.validate(&Value::Object(values)),
        Err(error) => vec![error.to_string()],
    })
}

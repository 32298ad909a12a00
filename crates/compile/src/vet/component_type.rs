//! Component types: schemas, templates, rules, embedded traits.

use serde_json::Value;

use expr::{Declarations, StaticType};
use model::{Diagnostics, kinds::ComponentType};

use super::{expressions::Expressions, schemas, template, variables};

/// Checks the spec that stands at `base`, as `spec` or `spec.componentType.spec`.
pub(super) fn check(
    expressions: &Expressions,
    spec: &ComponentType,
    base: &str,
    diagnostics: &mut Diagnostics,
) {
    schemas::check_pair(
        (&spec.parameters, &spec.environment_configs),
        base,
        diagnostics,
    );
    let names =
        variables::of_component_type((spec.parameters.as_ref(), spec.environment_configs.as_ref()));
    templates(expressions, spec, &names, base, diagnostics);
    template::workload(
        spec.workload_type,
        &spec.resources,
        &format!("{base}.resources"),
        diagnostics,
    );
    // What parameters the bindings of an embedded trait name is left to rendering, as in the reference.
    let names = names
        .with("parameters", StaticType::Dyn)
        .with("environmentConfigs", StaticType::Dyn);
    for (index, embedded) in spec.traits.iter().enumerate() {
        let path = format!("{base}.traits[{index}]");
        let values = [
            ("parameters", &embedded.parameters),
            ("environmentConfigs", &embedded.environment_configs),
        ];
        for (field, bindings) in values {
            let bindings = Value::Object(bindings.clone());
            expressions.template(&bindings, &names, &format!("{path}.{field}"), diagnostics);
        }
    }
}

/// Templates and rules: what they name, and what they must say.
pub(super) fn templates(
    expressions: &Expressions,
    spec: &ComponentType,
    names: &Declarations,
    base: &str,
    diagnostics: &mut Diagnostics,
) {
    for (index, resource) in spec.resources.iter().enumerate() {
        let path = format!("{base}.resources[{index}]");
        template::resource(expressions, resource, names, &path, diagnostics);
    }
    let (field, rules) = spec.pre_render_rules();
    for (index, rule) in rules.iter().enumerate() {
        let path = format!("{base}.{field}[{index}].rule");
        expressions.condition("rule", Some(&rule.rule), names, &path, diagnostics);
    }
    let path = format!("{base}.postRenderValidations");
    expressions.post_rules(&spec.post_render_validations, names, &path, diagnostics);
}

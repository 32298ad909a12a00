//! Traits: schemas, creates, patches, removes, rules.

use serde_json::Value;

use expr::{Declarations, StaticType};
use model::{
    Diagnostics,
    kinds::{
        Trait,
        template::PatchTarget,
        trait_::{PatchOp, TraitCreate, TraitPatch, TraitRemove},
    },
};

use super::{expressions::Expressions, schemas, template, variables};

/// Checks the spec that stands at `base`, as `spec` or `spec.traits[0].spec`.
pub(super) fn check(
    expressions: &Expressions,
    spec: &Trait,
    base: &str,
    diagnostics: &mut Diagnostics,
) {
    schemas::check_pair(
        (&spec.parameters, &spec.environment_configs),
        base,
        diagnostics,
    );
    let names = variables::of_trait((spec.parameters.as_ref(), spec.environment_configs.as_ref()));
    for (index, item) in spec.creates.iter().enumerate() {
        create(
            expressions,
            item,
            &names,
            &format!("{base}.creates[{index}]"),
            diagnostics,
        );
    }
    for (index, item) in spec.patches.iter().enumerate() {
        patch(
            expressions,
            item,
            &names,
            &format!("{base}.patches[{index}]"),
            diagnostics,
        );
    }
    for (index, item) in spec.removes.iter().enumerate() {
        remove(
            expressions,
            item,
            &names,
            &format!("{base}.removes[{index}]"),
            diagnostics,
        );
    }
    let (field, rules) = spec.pre_render_rules();
    for (index, rule) in rules.iter().enumerate() {
        let path = format!("{base}.{field}[{index}].rule");
        expressions.condition("rule", Some(&rule.rule), &names, &path, diagnostics);
    }
    expressions.post_rules(
        &spec.post_render_validations,
        &names,
        &format!("{base}.postRenderValidations"),
        diagnostics,
    );
}

fn create(
    expressions: &Expressions,
    create: &TraitCreate,
    names: &Declarations,
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    let each = (create.for_each.as_deref(), create.var.as_deref());
    let place = format!("{path}.includeWhen");
    expressions.condition(
        "includeWhen",
        create.include_when.as_deref(),
        names,
        &place,
        diagnostics,
    );
    let inner = expressions.in_loop(each, names, path, diagnostics);
    let body = &create.template;
    template::body(
        expressions,
        body,
        &inner,
        &format!("{path}.template"),
        diagnostics,
    );
    let kind = body.get("kind").and_then(Value::as_str).unwrap_or_default();
    if template::is_workload(kind) {
        diagnostics.push(
            format!("{path}.template.kind"),
            format!(
                "traits must not create workload resources (kind {kind:?}); \
                 the primary workload is defined by the ComponentType"
            ),
        );
    }
}

fn patch(
    expressions: &Expressions,
    patch: &TraitPatch,
    names: &Declarations,
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    let each = (patch.for_each.as_deref(), patch.var.as_deref());
    let inner = expressions.in_loop(each, names, path, diagnostics);
    target(expressions, &patch.target, &inner, path, diagnostics);
    for (index, operation) in patch.operations.iter().enumerate() {
        let path = format!("{path}.operations[{index}]");
        if operation.path.is_empty() {
            diagnostics.push(format!("{path}.path"), "path is required");
        }
        expressions.text(
            &operation.path,
            &inner,
            &format!("{path}.path"),
            diagnostics,
        );
        match &operation.value {
            Some(value) => {
                expressions.template(value, &inner, &format!("{path}.value"), diagnostics);
            }
            None if operation.op != PatchOp::Remove => {
                let message = format!("value is required for {} operations", operation.op);
                diagnostics.push(format!("{path}.value"), message);
            }
            None => {}
        }
    }
}

fn remove(
    expressions: &Expressions,
    remove: &TraitRemove,
    names: &Declarations,
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    let each = (remove.for_each.as_deref(), remove.var.as_deref());
    let inner = expressions.in_loop(each, names, path, diagnostics);
    target(expressions, &remove.target, &inner, path, diagnostics);
    let PatchTarget { group, kind, .. } = &remove.target;
    if template::is_built_in_workload(group, kind) {
        diagnostics.push(
            format!("{path}.target.kind"),
            format!(
                "traits must not remove workload resources (kind {kind:?}); \
                 the primary workload is defined by the ComponentType"
            ),
        );
    }
}

fn target(
    expressions: &Expressions,
    target: &PatchTarget,
    names: &Declarations,
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    for (field, value) in [("version", &target.version), ("kind", &target.kind)] {
        if value.is_empty() {
            diagnostics.push(
                format!("{path}.target.{field}"),
                format!("{field} is required"),
            );
        }
    }
    let clause = target.condition.as_deref();
    let names = names.with("resource", StaticType::Dyn);
    expressions.condition(
        "where",
        clause,
        &names,
        &format!("{path}.target.where"),
        diagnostics,
    );
}

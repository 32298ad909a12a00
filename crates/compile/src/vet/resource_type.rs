//! Resource types: schemas, templates, conditions, outputs.
//!
//! Templates are rendered before anything is applied, so only `readyWhen` and outputs see `applied`,
//! and of it only what the type itself renders.

use std::collections::BTreeSet;

use serde_json::Value;

use expr::{Declarations, StaticType};
use model::{
    Diagnostics,
    kinds::{ResourceType, output::Output},
};

use super::{expressions::Expressions, schemas, uses, variables};

/// Checks the spec that stands at `base`, as `spec` or `spec.resourceType.spec`.
pub(super) fn check(
    expressions: &Expressions,
    spec: &ResourceType,
    base: &str,
    diagnostics: &mut Diagnostics,
) {
    let sections = (&spec.parameters, &spec.environment_configs);
    schemas::check_pair(sections, base, diagnostics);
    let names =
        variables::of_resource_type((spec.parameters.as_ref(), spec.environment_configs.as_ref()));
    let after = Applied {
        expressions,
        names: variables::with_applied(&names),
        ids: spec.resources.iter().map(|entry| &*entry.id).collect(),
    };
    for (index, resource) in spec.resources.iter().enumerate() {
        let path = format!("{base}.resources[{index}]");
        let condition = resource.include_when.as_deref();
        let place = format!("{path}.includeWhen");
        expressions.condition("includeWhen", condition, &names, &place, diagnostics);
        let place = format!("{path}.template");
        match resource.template.is_empty() {
            true => diagnostics.push(&place, "template is required"),
            false => {
                let body = Value::Object(resource.template.clone());
                expressions.template(&body, &names, &place, diagnostics);
            }
        }
        if let Some(condition) = resource.ready_when.as_deref() {
            let place = format!("{path}.readyWhen");
            let condition_of = Some(condition);
            expressions.condition("readyWhen", condition_of, &after.names, &place, diagnostics);
            after.known(condition, &place, diagnostics);
        }
    }
    let ids = spec.resources.iter().map(|resource| &*resource.id);
    let place = format!("{base}.resources");
    uses::unique(("resource", "id"), &place, ids, diagnostics);
    for (index, output) in spec.outputs.iter().enumerate() {
        after.output(output, &format!("{base}.outputs[{index}]"), diagnostics);
    }
    let names = spec.outputs.iter().map(|output| &*output.name);
    let place = format!("{base}.outputs");
    uses::unique(("output", "name"), &place, names, diagnostics);
}

/// What expressions may use once the objects are applied.
struct Applied<'a> {
    expressions: &'a Expressions,
    names: Declarations,
    ids: BTreeSet<&'a str>,
}

impl Applied<'_> {
    fn output(&self, output: &Output, path: &str, diagnostics: &mut Diagnostics) {
        if let Some(value) = &output.value {
            self.text(value, &format!("{path}.value"), diagnostics);
        }
        let references = [
            ("secretKeyRef", &output.secret_key_ref),
            ("configMapKeyRef", &output.config_map_key_ref),
        ];
        for (field, reference) in references {
            if let Some(reference) = reference {
                let place = format!("{path}.{field}");
                self.text(&reference.name, &format!("{place}.name"), diagnostics);
                self.text(&reference.key, &format!("{place}.key"), diagnostics);
            }
        }
    }

    /// A text that may hold expressions; one that is an expression alone must give text.
    fn text(&self, text: &str, path: &str, diagnostics: &mut Diagnostics) {
        self.expressions.text(text, &self.names, path, diagnostics);
        self.known(text, path, diagnostics);
        if let Some(given) = self.expressions.type_of(text, &self.names)
            && !matches!(given, StaticType::String | StaticType::Dyn)
        {
            let message = format!("expression must return string, got {given}");
            diagnostics.push_hint(path, message, "convert it with string(…)");
        }
    }

    /// `applied.<id>` names what the type renders.
    fn known(&self, text: &str, path: &str, diagnostics: &mut Diagnostics) {
        let read = self.expressions.paths(text, "applied");
        let named: BTreeSet<_> = read.iter().filter_map(|path| path.steps.first()).collect();
        let unknown: Vec<&str> = named
            .into_iter()
            .map(|id| &**id)
            .filter(|id| !self.ids.contains(id))
            .collect();
        if !unknown.is_empty() {
            let declared: Vec<_> = self.ids.iter().copied().collect();
            diagnostics.push(
                path,
                format!(
                    "applied.<id> references unknown ids [{}]; declared ids: [{}]",
                    unknown.join(" "),
                    declared.join(" ")
                ),
            );
        }
    }
}

//! What admission checks of bindings beyond their shape: that their conditions are about attributes
//! which all of their actions have, and say yes or no (reference 4). The words are the reference's.

use std::collections::BTreeSet;

use expr::{Program, StaticType};
use model::{
    Diagnostics, Envelope, KindName,
    kinds::{AuthzRoleBinding, authz_role_binding::AuthzCondition},
};

use crate::{Attribute, condition, pattern::Pattern};

/// Every problem of an object that its shape alone does not show.
///
/// An object whose spec has not the shape of its kind has none here: whoever decodes it says so.
#[must_use]
pub fn object(envelope: &Envelope) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    if envelope.key.kind == KindName::AuthzRoleBinding
        && let Ok(spec) = envelope.spec::<AuthzRoleBinding>()
    {
        for (mapping, place) in spec.role_mappings.iter().zip(0..) {
            for (condition, index) in mapping.conditions.iter().zip(0..) {
                let path = format!("spec.roleMappings[{place}].conditions[{index}]");
                diagnostics.extend(self::condition(condition, &path));
            }
        }
    }
    diagnostics
}

/// Every problem of a condition at `path`.
#[must_use]
pub fn condition(condition: &AuthzCondition, path: &str) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    let (actions, expression) = (format!("{path}.actions"), format!("{path}.expression"));
    if condition.actions.is_empty() {
        diagnostics.push(&actions, "actions must be non-empty");
    }
    if condition.expression.is_empty() {
        diagnostics.push(&expression, "expression must be non-empty");
    }
    if !diagnostics.is_empty() {
        return diagnostics;
    }
    let program = match compile(&condition.expression) {
        Ok(program) => program,
        Err(message) => {
            diagnostics.push(expression, message);
            return diagnostics;
        }
    };
    let of = condition.actions.join(" ");
    let allowed = common_attributes(&condition.actions);
    if allowed.is_empty() {
        let message = format!("conditions are not supported for the specified action set [{of}]");
        diagnostics.push(actions, message);
        return diagnostics;
    }
    let keys: Vec<_> = allowed.iter().map(|attribute| attribute.key()).collect();
    let keys = keys.join(" ");
    let read = read(&program);
    if read.is_empty() {
        let message = format!(
            "expression must reference at least one allowed attribute; \
             allowed attributes for actions [{of}] are: [{keys}]"
        );
        diagnostics.push(&expression, message);
    }
    for path in read {
        if !allowed.iter().any(|attribute| attribute.key() == path) {
            let message = format!(
                "attribute {path:?} is not supported for actions [{of}]; allowed: [{keys}]"
            );
            diagnostics.push(&expression, message);
        }
    }
    diagnostics
}

fn compile(expression: &str) -> Result<Program, String> {
    let environment = condition::environment();
    let fault = |error: &expr::Error| format!("CEL compile error: {error}");
    match environment.check(expression, &condition::declared()) {
        Err(problems) => {
            let problems: Vec<_> = problems.iter().map(fault).collect();
            Err(problems.join("; "))
        }
        Ok(StaticType::Bool) => environment
            .compile(expression)
            .map_err(|error| fault(&error)),
        Ok(other) => Err(format!("expression must return bool, got {other}")),
    }
}

/// The attributes that an expression reads.
fn read(program: &Program) -> BTreeSet<String> {
    let paths = program.paths().into_iter();
    paths
        .filter(|path| !path.steps.is_empty())
        .map(|path| format!("{}.{}", path.variable, path.steps.join(".")))
        .collect()
}

/// The attributes that every action has which one of `patterns` means. A pattern that means no action
/// of the platform has none.
#[must_use]
pub fn common_attributes(patterns: &[String]) -> Vec<Attribute> {
    let patterns: Vec<_> = patterns.iter().map(|text| Pattern::new(text)).collect();
    let has = |pattern: &Pattern, attribute: Attribute| {
        let mut known = pattern.known().peekable();
        known.peek().is_some() && known.all(|action| action.attributes.contains(&attribute))
    };
    let everywhere =
        |attribute: &Attribute| patterns.iter().all(|pattern| has(pattern, *attribute));
    if patterns.is_empty() {
        return Vec::new();
    }
    Attribute::ALL.iter().copied().filter(everywhere).collect()
}

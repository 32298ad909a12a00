//! Validation rules of types and traits, before and after rendering (reference 3.5).

use model::kinds::template::{PatchTarget, PostRenderValidation, TargetPlane, ValidationRule};

use crate::{
    go, object,
    render::{self, Plane, Rendered},
    template::{Context, Engine},
};

/// Longest part of a rule that a message repeats, in characters.
const MAX_RULE: usize = 120;

/// Every rule that does not hold, as messages.
pub(crate) fn failures(engine: &Engine, context: &Context, rules: &[ValidationRule]) -> Vec<String> {
    let mut failures = Vec::new();
    for (index, ValidationRule { rule, message }) in rules.iter().enumerate() {
        let title = format!("rule[{index}] {:?}", shorten(rule));
        match render::boolean(engine, context, rule) {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => failures.push(format!("{title} evaluated to false: {message}")),
            Ok(Err(found)) => failures.push(format!("{title} must evaluate to boolean, got {found}")),
            Err(error) => failures.push(format!("{title} evaluation error: {error}")),
        }
    }
    failures
}

fn shorten(rule: &str) -> String {
    if rule.chars().count() <= MAX_RULE {
        return rule.to_owned();
    }
    let mut short: String = rule.chars().take(MAX_RULE).collect();
    short.push_str("...");
    short
}

/// Whether an object is of the group, version and kind that a target names. An empty group matches
/// any group, as in the reference.
pub(crate) fn is_of(target: &PatchTarget, object: &serde_json::Value) -> bool {
    let api_version = object::api_version(object);
    object::kind(object) == target.kind
        && object::version_of(api_version) == target.version
        && (target.group.is_empty() || object::group_of(api_version) == target.group)
}

/// Whether an object is what a target means, its condition included.
///
/// # Errors
/// Why the condition cannot be evaluated.
pub(crate) fn is_meant(
    engine: &Engine,
    context: &Context,
    target: &PatchTarget,
    object: &serde_json::Value,
) -> Result<bool, String> {
    if !is_of(target, object) {
        return Ok(false);
    }
    let Some(condition) = target.condition.as_deref().filter(|condition| !condition.is_empty()) else {
        return Ok(true);
    };
    let context = context.with("resource", object);
    match render::boolean(engine, &context, condition)? {
        Ok(truth) => Ok(truth),
        Err(found) => Err(format!("where must evaluate to boolean, got {found}")),
    }
}

/// The plane that a type or trait means.
pub(crate) const fn plane_of(plane: TargetPlane) -> Plane {
    match plane {
        TargetPlane::DataPlane => Plane::Data,
        TargetPlane::ObservabilityPlane => Plane::Observability,
    }
}

/// Every post-render rule of one owner that does not hold, as messages. `owner` is as
/// `ComponentType service` or `Trait storage/data`.
pub(crate) fn post_failures(
    engine: &Engine,
    context: &Context,
    owner: &str,
    rules: &[PostRenderValidation],
    rendered: &[Rendered],
) -> Vec<String> {
    let mut failures = Vec::new();
    for rule in rules {
        if let Err(reason) = check(engine, context, owner, rule, rendered, &mut failures) {
            failures.push(format!("{owner:?} post-render validation failed: {reason}"));
        }
    }
    failures
}

fn check(
    engine: &Engine,
    context: &Context,
    owner: &str,
    rule: &PostRenderValidation,
    rendered: &[Rendered],
    failures: &mut Vec<String>,
) -> Result<(), String> {
    if let Some(when) = rule.when.as_deref().filter(|when| !when.is_empty()) {
        match render::boolean(engine, context, when)? {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(found) => return Err(format!("when must evaluate to boolean, got {found}")),
        }
    }
    let Some(for_each) = rule.for_each.as_deref().filter(|each| !each.is_empty()) else {
        return check_once(engine, context, owner, rule, (rendered, ""), failures);
    };
    let var = render::variable(rule.var.as_deref());
    for item in render::iterate(engine, context, for_each)? {
        let turn = format!(" (forEach {var}={})", go::display(&item));
        let context = context.with(var, &item);
        check_once(engine, &context, owner, rule, (rendered, &turn), failures)?;
    }
    Ok(())
}

fn check_once(
    engine: &Engine,
    context: &Context,
    owner: &str,
    rule: &PostRenderValidation,
    (rendered, turn): (&[Rendered], &str),
    failures: &mut Vec<String>,
) -> Result<(), String> {
    let target = rule.target.picks();
    let plane = plane_of(rule.target_plane);
    let mut matched = false;
    for candidate in rendered.iter().filter(|candidate| candidate.plane == plane) {
        if !is_meant(engine, context, &target, &candidate.object)? {
            continue;
        }
        matched = true;
        let title = object::title(&candidate.object);
        let prefix = format!("{owner:?} post-render validation on {title} failed");
        let context = context.with("resource", &candidate.object);
        match render::boolean(engine, &context, &rule.rule) {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => failures.push(format!("{prefix}: {}{turn}", rule.message)),
            Ok(Err(found)) => {
                failures.push(format!("{prefix}: rule must evaluate to boolean, got {found}{turn}"));
            }
            Err(error) => failures.push(format!("{prefix}: {error}{turn}")),
        }
    }
    if !matched && rule.target.must_match {
        failures.push(format!(
            "{owner:?} post-render validation failed: no resource matched target {}/{}/{}{turn}",
            target.group, target.version, target.kind
        ));
    }
    Ok(())
}

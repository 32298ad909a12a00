//! Validation rules of types and traits, before and after rendering (reference 3.5).

use expr::{Numbers, Value};
use model::{
    Diagnostics,
    kinds::template::{PatchTarget, PostRenderValidation, TargetPlane, ValidationRule},
};

use crate::{
    go, object,
    render::{self, Plane, Rendered},
    template::{Context, Engine, budget::Spent},
};

/// Longest part of a rule that a message repeats, in characters.
const MAX_RULE: usize = 120;

/// A rule that does not hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Where the rule stands.
    pub(crate) path: String,
    pub(crate) message: String,
}

/// A problem for each rule that does not hold; the first one says what failed.
///
/// # Errors
/// There are failures.
pub(crate) fn refuse(what: &str, failures: Vec<Failure>) -> Result<(), Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    for (index, Failure { path, message }) in failures.into_iter().enumerate() {
        let message = if index == 0 {
            format!("{what}: {message}")
        } else {
            message
        };
        diagnostics.extend(render::fault(&path, message).into());
    }
    diagnostics.into_result()
}

/// Every rule that does not hold. `path` is where the list of rules stands.
pub(crate) fn failures(
    engine: &Engine,
    context: &Context,
    path: &str,
    rules: &[ValidationRule],
) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (index, ValidationRule { rule, message }) in rules.iter().enumerate() {
        let found = render::boolean(engine, context, rule);
        if matches!(found, Ok(Ok(true))) {
            continue;
        }
        let title = format!("rule[{index}] {:?}", shorten(rule));
        let message = match found {
            Ok(Ok(true)) => continue,
            Ok(Ok(false)) => format!("{title} evaluated to false: {message}"),
            Ok(Err(found)) => format!("{title} must evaluate to boolean, got {found}"),
            Err(error) => format!("{title} evaluation error: {error}"),
        };
        failures.push(Failure {
            path: format!("{path}[{index}].rule"),
            message,
        });
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

/// What a patch, a remove or a rule is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    /// API group; empty is the core group, unless there is no version either.
    pub(crate) group: &'a str,
    /// API version; empty matches any.
    pub(crate) version: &'a str,
    /// Kind; empty matches any.
    pub(crate) kind: &'a str,
    /// Plane; absent matches any.
    pub(crate) plane: Option<Plane>,
    /// Condition over `resource`.
    pub(crate) condition: Option<&'a str>,
}

/// Why a `where` gives no answer.
#[derive(Debug)]
pub(crate) enum Unclear<'a> {
    Fails(&'a str, String),
    NotBoolean(&'a str, &'static str),
}

impl Unclear<'_> {
    /// The message, for a patch or remove of this title.
    pub(crate) fn for_whom(&self, title: &str) -> String {
        match self {
            Self::Fails(clause, reason) => {
                format!("failed to evaluate where clause '{clause}' for {title}: {reason}")
            }
            Self::NotBoolean(clause, found) => {
                format!("where clause '{clause}' must evaluate to boolean for {title}, got {found}")
            }
        }
    }
}

impl<'a> Target<'a> {
    /// The target of a patch or remove.
    pub(crate) fn of(target: &'a PatchTarget, plane: TargetPlane) -> Self {
        Self {
            group: &target.group,
            version: &target.version,
            kind: &target.kind,
            plane: Some(plane_of(plane)),
            condition: target.condition.as_deref(),
        }
    }

    /// Whether an object has the group, version, kind and plane.
    pub(crate) fn fits(&self, candidate: &Rendered) -> bool {
        let api_version = object::api_version(&candidate.object);
        let same = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        same(self.kind, object::kind(&candidate.object))
            && same(self.version, object::version_of(api_version))
            && (self.group == object::group_of(api_version)
                || self.version.is_empty() && self.group.is_empty())
            && self.plane.is_none_or(|plane| plane == candidate.plane)
    }

    /// Whether an object is what the target means, its condition included.
    ///
    /// # Errors
    /// The condition gives no answer.
    pub(crate) fn means(
        &self,
        engine: &Engine,
        context: &Context,
        candidate: &Rendered,
    ) -> Result<bool, Unclear<'a>> {
        let clause = self.condition.filter(|clause| !clause.is_empty());
        let looked = Spent { steps: 1, bytes: 0 };
        let over =
            |error: expr::Error| Unclear::Fails(clause.unwrap_or_default(), error.to_string());
        context.charge(looked).map_err(over)?;
        if !self.fits(candidate) {
            return Ok(false);
        }
        let Some(clause) = clause else {
            return Ok(true);
        };
        let context = with_resource(context, candidate).map_err(over)?;
        match render::boolean(engine, &context, clause) {
            Ok(Ok(truth)) => Ok(truth),
            Ok(Err(found)) => Err(Unclear::NotBoolean(clause, found)),
            Err(reason) => Err(Unclear::Fails(clause, reason)),
        }
    }
}

/// The variables of a condition about an object, whose numbers are doubles like all others.
fn with_resource(context: &Context, candidate: &Rendered) -> Result<Context, expr::Error> {
    context.charge(Spent::written(&candidate.object))?;
    let resource = candidate.object.to_json_form(Numbers::Doubles);
    Ok(context.with_value("resource", resource.unwrap_or(Value::Null)))
}

/// The plane that a type or trait means.
pub(crate) const fn plane_of(plane: TargetPlane) -> Plane {
    match plane {
        TargetPlane::DataPlane => Plane::Data,
        TargetPlane::ObservabilityPlane => Plane::Observability,
    }
}

/// Every post-render rule of one owner that does not hold. `owner` is as `ComponentType service` or
/// `Trait storage/data`, `path` where its list of rules stands.
pub(crate) fn post_failures(
    engine: &Engine,
    context: &Context,
    (owner, path): (&str, &str),
    rules: &[PostRenderValidation],
    rendered: &[Rendered],
) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let mut messages = Vec::new();
        let check = Check {
            engine,
            owner,
            rule,
            rendered,
        };
        if let Err(reason) = check.run(context, &mut messages) {
            messages.push(format!("{owner:?} post-render validation: {reason}"));
        }
        failures.extend(messages.into_iter().map(|message| Failure {
            path: format!("{path}[{index}]"),
            message,
        }));
    }
    failures
}

/// One post-render rule over what was rendered.
struct Check<'a> {
    engine: &'a Engine,
    owner: &'a str,
    rule: &'a PostRenderValidation,
    rendered: &'a [Rendered],
}

impl Check<'_> {
    fn run(&self, context: &Context, messages: &mut Vec<String>) -> Result<(), String> {
        if let Some(when) = self.rule.when.as_deref().filter(|when| !when.is_empty()) {
            match render::boolean(self.engine, context, when)? {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(found) => return Err(format!("when must evaluate to boolean, got {found}")),
            }
        }
        let Some(for_each) = self
            .rule
            .for_each
            .as_deref()
            .filter(|each| !each.is_empty())
        else {
            return self.turn(context, "", messages);
        };
        let var = render::variable(self.rule.var.as_deref());
        for item in render::iterate(self.engine, context, for_each)? {
            let shown = item.to_json().unwrap_or_default();
            let turn = format!(" (forEach {var}={})", go::display(&shown));
            self.turn(&context.with_value(var, item), &turn, messages)?;
        }
        Ok(())
    }

    fn turn(
        &self,
        context: &Context,
        turn: &str,
        messages: &mut Vec<String>,
    ) -> Result<(), String> {
        let Self {
            engine,
            owner,
            rule,
            rendered,
        } = *self;
        let target = Target {
            group: &rule.target.group,
            version: &rule.target.version,
            kind: &rule.target.kind,
            plane: Some(plane_of(rule.target_plane)),
            condition: rule.target.condition.as_deref(),
        };
        let mut matched = false;
        for candidate in rendered {
            let meant = target.means(engine, context, candidate);
            if !meant.map_err(|reason| reason.for_whom("the rule"))? {
                continue;
            }
            matched = true;
            let title = object::title(&candidate.object);
            let prefix = format!("{owner:?} post-render validation on {title} failed");
            let context = with_resource(context, candidate).map_err(|error| error.to_string())?;
            match render::boolean(engine, &context, &rule.rule) {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => messages.push(format!("{prefix}: {}{turn}", rule.message)),
                Ok(Err(found)) => {
                    messages.push(format!(
                        "{prefix}: rule must evaluate to boolean, got {found}{turn}"
                    ));
                }
                Err(error) => messages.push(format!("{prefix}: {error}{turn}")),
            }
        }
        if !matched && rule.target.must_match {
            messages.push(format!(
                "{owner:?} post-render validation: no resource matched target {}/{}/{}{turn}",
                target.group, target.version, target.kind
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

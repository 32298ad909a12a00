//! Step *render*: resource templates to objects.
//!
//! `includeWhen` is asked before `forEach`, so it cannot see the loop variable; a loop over a map goes
//! in key order and binds `{key, value}`. What fails names the template and the place in it.

use serde_json::{Value, json};

use model::Diagnostic;

use crate::{
    go,
    template::{Context, Engine},
};

/// The plane that an object is meant for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Plane {
    /// The cluster that runs the workload.
    #[default]
    Data,
    /// The cluster that keeps its telemetry.
    Observability,
}

impl Plane {
    /// The name in templates.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Data => "dataplane",
            Self::Observability => "observabilityplane",
        }
    }
}

/// An object on its way through the compiler.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// Id of its template, with the index of the iteration under `forEach`.
    pub id: String,
    /// Where its template stands, as `spec.componentType.spec.resources[2]`.
    pub origin: String,
    /// The plane that it is meant for.
    pub plane: Plane,
    /// The object.
    pub object: Value,
}

/// A template of objects, whatever kind it is written in.
#[derive(Debug, Clone, Copy)]
pub struct Template<'a> {
    /// Id; empty for the creates of traits.
    pub id: &'a str,
    /// Where it stands, for messages.
    pub origin: &'a str,
    /// How messages name it, as `resource web` or `trait storage create #0`.
    pub title: &'a str,
    /// The object with expressions in it.
    pub body: &'a Value,
    /// Condition, wrapped in `${…}`.
    pub include_when: Option<&'a str>,
    /// List or map to go through, wrapped in `${…}`.
    pub for_each: Option<&'a str>,
    /// Name of the loop variable; `item` when absent.
    pub var: Option<&'a str>,
    /// The plane that its objects are meant for.
    pub plane: Plane,
}

/// The objects of one template.
///
/// # Errors
/// When a condition, the loop or an expression of the body fails; place and template are named.
pub fn template(
    engine: &Engine,
    context: &Context,
    template: &Template<'_>,
) -> Result<Vec<Rendered>, Diagnostic> {
    let title = template.title;
    let included = should_include(engine, context, template.include_when).map_err(|reason| {
        fault(
            &format!("{}.includeWhen", template.origin),
            format!("failed to evaluate includeWhen for {title}: {reason}"),
        )
    })?;
    if !included {
        return Ok(Vec::new());
    }
    let Some(for_each) = template.for_each else {
        return Ok(one(engine, context, template, None)?.into_iter().collect());
    };
    let items = iterate(engine, context, for_each).map_err(|reason| {
        fault(
            &format!("{}.forEach", template.origin),
            format!("failed to evaluate forEach for {title}: {reason}"),
        )
    })?;
    let var = variable(template.var);
    let mut rendered = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        rendered.extend(one(
            engine,
            &context.with(var, &item),
            template,
            Some(index),
        )?);
    }
    Ok(rendered)
}

fn one(
    engine: &Engine,
    context: &Context,
    template: &Template<'_>,
    iteration: Option<usize>,
) -> Result<Option<Rendered>, Diagnostic> {
    let object = engine.render(template.body, context).map_err(|error| {
        let verb = if template.id.is_empty() {
            "render create template"
        } else {
            "render template"
        };
        fault(
            &format!("{}.template{}", template.origin, error.path()),
            format!("failed to {verb} for {}: {error}", template.title),
        )
    })?;
    let id = match iteration {
        Some(index) => format!("{}-{index}", template.id),
        None => template.id.to_owned(),
    };
    match object {
        None => Ok(None),
        Some(object @ Value::Object(_)) => Ok(Some(Rendered {
            id,
            origin: template.origin.to_owned(),
            plane: template.plane,
            object,
        })),
        Some(other) => Err(fault(
            &format!("{}.template", template.origin),
            format!(
                "{} must render to an object, got {}",
                template.title,
                go::type_name(&other)
            ),
        )),
    }
}

/// The loop variable of a `forEach`.
#[must_use]
pub fn variable(var: Option<&str>) -> &str {
    var.filter(|var| !var.is_empty()).unwrap_or("item")
}

/// Whether a condition holds; an absent one does.
///
/// # Errors
/// What is wrong with the condition, without its place.
pub fn should_include(
    engine: &Engine,
    context: &Context,
    condition: Option<&str>,
) -> Result<bool, String> {
    match condition.filter(|condition| !condition.is_empty()) {
        None => Ok(true),
        Some(condition) => boolean(engine, context, condition).and_then(|value| {
            value.map_err(|got| format!("includeWhen must evaluate to boolean, got {got}"))
        }),
    }
}

/// The truth of an expression, or the name of the type that it gave instead.
///
/// # Errors
/// When the expression cannot be evaluated.
pub fn boolean(
    engine: &Engine,
    context: &Context,
    expression: &str,
) -> Result<Result<bool, &'static str>, String> {
    let value = engine
        .render_text(expression, context)
        .map_err(|error| error.to_string())?;
    Ok(match value {
        Some(Value::Bool(truth)) => Ok(truth),
        other => Err(go::type_name(&other.unwrap_or_default())),
    })
}

/// What a `forEach` goes through.
///
/// # Errors
/// When the expression cannot be evaluated or gives neither a list nor a map.
pub fn iterate(engine: &Engine, context: &Context, for_each: &str) -> Result<Vec<Value>, String> {
    let value = engine
        .render_text(for_each, context)
        .map_err(|error| error.to_string())?;
    items(value.unwrap_or_default())
}

/// The items of a list, or the entries of a map as `{key, value}` in key order.
///
/// # Errors
/// When it is neither.
pub fn items(value: Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().collect();
            entries.sort_by(|(left, _), (right, _)| left.cmp(right));
            Ok(entries
                .into_iter()
                .map(|(key, value)| json!({"key": key, "value": value}))
                .collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(format!(
            "forEach must evaluate to array or map, got {}",
            go::type_name(&value)
        )),
    }
}

/// A problem at a place, with what to do about the commonest causes.
#[must_use]
pub fn fault(path: &str, message: String) -> Diagnostic {
    let hint = hint_for(&message).map(str::to_owned);
    Diagnostic {
        path: path.to_owned(),
        message,
        hint,
    }
}

fn hint_for(message: &str) -> Option<&'static str> {
    if message.contains("undeclared reference to 'gateway'") {
        return Some(
            "neither the environment nor its data plane has a gateway: set spec.gateway.ingress on one",
        );
    }
    if message.contains("undeclared reference") {
        return Some("the variable does not exist here: see which variables this template may use");
    }
    if message.contains("no such key") {
        return Some("guard optional data with has(…) or .? and orValue(…)");
    }
    if message.contains("but matched 0 elements") {
        return Some("the object has no such item: compare the filter with what the type renders");
    }
    if message.contains("no such overload") {
        return Some("numbers in templates are doubles: write 1.0 for 1, or convert with int(…)");
    }
    None
}

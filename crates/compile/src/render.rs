//! Step *render*: resource templates to objects.
//!
//! `includeWhen` is asked before `forEach`, so it cannot see the loop variable; a loop over a map goes
//! in key order and binds `{key, value}`. What fails names the template and the place in it.

use serde_json::{Map as Fields, Value as Json};

use expr::{Map, Numbers, Value};
use model::{Diagnostic, kinds::template::ResourceTemplate};

use crate::{
    go, rules,
    template::{Context, Engine, Parsed, ParsedText},
    tree::{self, Tree as _},
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
    /// The object; it is JSON.
    pub object: Value,
}

/// A template of objects, whatever kind it is written in.
#[derive(Debug, Clone, Copy)]
pub struct Template<'a> {
    /// Id; empty for the creates of traits.
    pub id: &'a str,
    /// Where it stands below what it is a part of, as `.resources[2]`.
    pub place: &'a str,
    /// How messages name it, as `resource web` or `trait storage create #0`.
    pub title: &'a str,
    /// The object with expressions in it.
    pub body: &'a Fields<String, Json>,
    /// Condition, wrapped in `${…}`.
    pub include_when: Option<&'a str>,
    /// List or map to go through, wrapped in `${…}`.
    pub for_each: Option<&'a str>,
    /// Name of the loop variable; `item` when absent.
    pub var: Option<&'a str>,
    /// The plane that its objects are meant for.
    pub plane: Plane,
}

impl Template<'_> {
    /// Parses it.
    #[must_use]
    pub fn parse(&self, engine: &Engine) -> Manifest {
        let text = |text: Option<&str>| {
            let text = text.filter(|text| !text.is_empty())?;
            Some(engine.parse_text(text))
        };
        Manifest {
            id: self.id.to_owned(),
            place: self.place.to_owned(),
            title: self.title.to_owned(),
            body: engine.parse_map(self.body),
            include_when: text(self.include_when),
            for_each: text(self.for_each),
            var: variable(self.var).to_owned(),
            plane: self.plane,
        }
    }
}

/// The templates of a type, parsed.
#[must_use]
pub fn manifests(engine: &Engine, resources: &[ResourceTemplate]) -> Vec<Manifest> {
    let resources = resources.iter().enumerate();
    let parsed = resources.map(|(index, resource)| {
        let template = Template {
            id: &resource.id,
            place: &format!(".resources[{index}]"),
            title: &format!("resource {}", resource.id),
            body: &resource.template,
            include_when: resource.include_when.as_deref(),
            for_each: resource.for_each.as_deref(),
            var: resource.var.as_deref(),
            plane: rules::plane_of(resource.target_plane),
        };
        template.parse(engine)
    });
    parsed.collect()
}

/// A template of objects, parsed. What it is a part of is told at each render, since many releases share it.
#[derive(Debug, Clone)]
pub struct Manifest {
    id: String,
    place: String,
    title: String,
    body: Parsed,
    include_when: Option<ParsedText>,
    for_each: Option<ParsedText>,
    var: String,
    plane: Plane,
}

impl Manifest {
    /// Its objects. `owner` is where that stands which it is a part of, as `spec.componentType.spec`.
    ///
    /// # Errors
    /// When a condition, the loop or an expression of the body fails; place and template are named.
    pub fn render(&self, owner: &str, context: &Context) -> Result<Vec<Rendered>, Diagnostic> {
        let title = &self.title;
        let fails = |field: &str, reason: String| {
            fault(
                &format!("{owner}{}.{field}", self.place),
                format!("failed to evaluate {field} for {title}: {reason}"),
            )
        };
        let included = self.is_included(context);
        if !included.map_err(|reason| fails("includeWhen", reason))? {
            return Ok(Vec::new());
        }
        let Some(for_each) = &self.for_each else {
            return Ok(self.one(owner, context, None)?.into_iter().collect());
        };
        let items = each(for_each, context).map_err(|reason| fails("forEach", reason))?;
        let mut rendered = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let context = context.with_value(self.var.as_str(), item);
            rendered.extend(self.one(owner, &context, Some(index))?);
        }
        Ok(rendered)
    }

    fn is_included(&self, context: &Context) -> Result<bool, String> {
        match &self.include_when {
            None => Ok(true),
            Some(condition) => must_hold(truth(condition, context)?),
        }
    }

    fn one(
        &self,
        owner: &str,
        context: &Context,
        iteration: Option<usize>,
    ) -> Result<Option<Rendered>, Diagnostic> {
        let place = &self.place;
        let object = self.body.render(context).map_err(|error| {
            let verb = if self.id.is_empty() {
                "render create template"
            } else {
                "render template"
            };
            fault(
                &format!("{owner}{place}.template{}", error.path()),
                format!("failed to {verb} for {}: {error}", self.title),
            )
        })?;
        let Some(object) = object else {
            return Ok(None);
        };
        if !object.is_map() {
            let found = go::type_name(&object.to_json().unwrap_or_default());
            return Err(fault(
                &format!("{owner}{place}.template"),
                format!("{} must render to an object, got {found}", self.title),
            ));
        }
        Ok(Some(Rendered {
            id: match iteration {
                Some(index) => format!("{}-{index}", self.id),
                None => self.id.clone(),
            },
            origin: format!("{owner}{place}"),
            plane: self.plane,
            object,
        }))
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
        Some(condition) => must_hold(boolean(engine, context, condition)?),
    }
}

fn must_hold(found: Result<bool, &'static str>) -> Result<bool, String> {
    found.map_err(|got| format!("includeWhen must evaluate to boolean, got {got}"))
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
    truth(&engine.parse_text(expression), context)
}

fn truth(text: &ParsedText, context: &Context) -> Result<Result<bool, &'static str>, String> {
    let value = text.render(context, Numbers::AsWritten);
    Ok(match value.map_err(|error| error.to_string())? {
        Some(Value::Bool(truth)) => Ok(truth),
        other => Err(type_name(other.as_ref())),
    })
}

fn type_name(value: Option<&Value>) -> &'static str {
    let json = value.and_then(Value::to_json);
    go::type_name(&json.unwrap_or_default())
}

/// What a `forEach` goes through.
///
/// # Errors
/// When the expression cannot be evaluated or gives neither a list nor a map.
pub fn iterate(engine: &Engine, context: &Context, for_each: &str) -> Result<Vec<Value>, String> {
    each(&engine.parse_text(for_each), context)
}

fn each(for_each: &ParsedText, context: &Context) -> Result<Vec<Value>, String> {
    let value = for_each.render(context, Numbers::Doubles);
    items(value.map_err(|error| error.to_string())?.as_ref())
}

/// The items of a list, or the entries of a map as `{key, value}` in key order.
///
/// # Errors
/// When it is neither.
pub fn items(value: Option<&Value>) -> Result<Vec<Value>, String> {
    match value {
        Some(Value::List(items)) => Ok(items.to_vec()),
        Some(Value::Map(map)) => Ok(entries(map)),
        other => Err(format!(
            "forEach must evaluate to array or map, got {}",
            type_name(other)
        )),
    }
}

fn entries(map: &Map) -> Vec<Value> {
    let entries = map.iter();
    entries
        .map(|(key, value)| tree::record([("key", key.to_value()), ("value", value.clone())]))
        .collect()
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

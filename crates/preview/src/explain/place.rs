//! Which text of a template gives a value.

use serde_json::Value;

use compile::{
    patch, render,
    template::{Context, Engine},
    trace::By,
};
use model::kinds::template::ResourceTemplate;

use super::{Scene, history::Change};
use crate::workspace::MadeFrom;

/// What was written to give a value.
pub(super) struct Written {
    /// The step, in words.
    pub(super) by: String,
    /// Where it stands in the release.
    pub(super) path: String,
    /// The text, if the value comes from one.
    pub(super) text: Option<String>,
    /// What the text saw.
    pub(super) context: Context,
    /// The use of a trait that it belongs to.
    pub(super) instance: Option<String>,
    /// Name and expression of its loop.
    pub(super) turn: Option<(String, String)>,
}

/// A template with its loop, whatever kind it is written in.
struct Source<'a> {
    by: String,
    body: Value,
    each: Option<&'a str>,
    var: Option<&'a str>,
}

impl Scene<'_> {
    /// A template that made the object, and the text in it.
    pub(super) fn template(
        &self,
        origin: &str,
        id: &str,
        instance: Option<&str>,
        tokens: &[String],
    ) -> Written {
        let mut context = instance
            .map_or(&self.traced.base, |name| self.traced.context(name))
            .clone();
        let mut written = Written {
            by: self.unit.parts.owner_type.to_string(),
            path: origin.to_owned(),
            text: None,
            instance: instance.map(str::to_owned),
            turn: None,
            context: context.clone(),
        };
        let Some(source) = self.source(origin, instance) else {
            return written;
        };
        if let Some(each) = source.each.filter(|each| !each.is_empty()) {
            let items = render::iterate(self.traced.engine, &context, each).unwrap_or_default();
            let index = id
                .rsplit_once('-')
                .and_then(|(_, index)| index.parse().ok());
            let item = index.and_then(|index: usize| items.get(index));
            let var = render::variable(source.var);
            if let Some(item) = item {
                context = context.with_value(var, item.clone());
            }
            written.turn = Some((var.to_owned(), each.to_owned()));
        }
        let (path, text) = locate(self.traced.engine, &context, &source.body, tokens);
        written.by = source.by;
        written.path = format!("{origin}.template{path}");
        written.text = text;
        written.context = context;
        written
    }

    /// The template at this place of the release.
    fn source(&self, origin: &str, instance: Option<&str>) -> Option<Source<'_>> {
        let number = |after: &str| {
            let (_, rest) = origin.rsplit_once(after)?;
            rest.strip_suffix(']')?.parse::<usize>().ok()
        };
        let of = |resource: &'_ ResourceTemplate| {
            (
                format!("the template {} of the type", resource.id),
                Value::Object(resource.template.clone()),
            )
        };
        let resources = match &self.unit.made_from {
            MadeFrom::Component(snapshot) => match instance {
                Some(name) => {
                    let create = number(".creates[")?;
                    let index = origin.strip_prefix("spec.traits[")?.split_once(']')?.0;
                    let found = snapshot.release.traits.get(index.parse::<usize>().ok()?)?;
                    let template = found.spec.creates.get(create)?;
                    return Some(Source {
                        by: format!("create #{create} of trait {} ({name})", found.name),
                        body: Value::Object(template.template.clone()),
                        each: template.for_each.as_deref(),
                        var: template.var.as_deref(),
                    });
                }
                None => &snapshot.release.component_type.spec.resources,
            },
            MadeFrom::Cell(snapshot) => &snapshot.release.project_type.spec.resources,
        };
        let resource = resources.get(number(".resources[")?)?;
        let (by, body) = of(resource);
        Some(Source {
            by,
            body,
            each: resource.for_each.as_deref(),
            var: resource.var.as_deref(),
        })
    }

    /// An operation of a patch, and the text in its value.
    pub(super) fn operation(&self, by: &By, before: Option<&Value>, change: &Change) -> Written {
        let mut written = Written {
            by: "a patch".to_owned(),
            path: "spec.traits".to_owned(),
            text: None,
            context: self.traced.base.clone(),
            instance: None,
            turn: None,
        };
        let (
            By::Patch {
                instance,
                patch: index,
                number,
                path,
                context,
            },
            MadeFrom::Component(snapshot),
        ) = (by, &self.unit.made_from)
        else {
            return written;
        };
        written.instance = Some(instance.clone());
        written.context = context.clone();
        let release = &snapshot.release;
        let embedded = release.component_type.spec.traits.iter();
        let embedded = embedded.map(|used| (used.kind, &used.name, &used.instance_name));
        let own = release.component_profile.iter().flat_map(|all| &all.traits);
        let own = own.map(|used| (used.kind, &used.name, &used.instance_name));
        let used = embedded.chain(own).find(|(_, _, name)| *name == instance);
        let position = used.and_then(|(kind, name, _)| {
            let same = |one: &model::kinds::component_release::TraitSnapshot| {
                one.kind == kind && one.name == *name
            };
            release.traits.iter().position(same)
        });
        let Some(position) = position else {
            return written;
        };
        let found = &release.traits[position];
        let Some(patch) = found.spec.patches.get(*index) else {
            return written;
        };
        if let Some(each) = patch.for_each.as_ref().filter(|each| !each.is_empty()) {
            let var = render::variable(patch.var.as_deref());
            written.turn = Some((var.to_owned(), each.clone()));
        }
        let Some(operation) = patch.operations.get(*number) else {
            return written;
        };
        let op = operation.op;
        written.by = format!(
            "patch #{index} of trait {} ({instance}): {op} {path}",
            found.name
        );
        let origin = format!("spec.traits[{position}].spec.patches[{index}].operations[{number}]");
        let rest = below(before, path, &change.tokens);
        let value = operation.value.as_ref();
        match (value, rest) {
            (Some(value), Some(rest)) => {
                let (path, text) = locate(self.traced.engine, context, value, &rest);
                written.path = format!("{origin}.value{path}");
                written.text = text;
            }
            _ => written.path = origin,
        }
        written
    }
}

/// What is left of the tokens below one of the places that an operation is about.
fn below(before: Option<&Value>, path: &str, tokens: &[String]) -> Option<Vec<String>> {
    let places = patch::expand(before?, path).ok()?;
    places.iter().find_map(|place| {
        let steps: Vec<_> = (place.split('/').skip(1))
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect();
        let fits = steps.len() <= tokens.len()
            && steps
                .iter()
                .zip(tokens)
                .all(|(step, token)| step == token || step == "-");
        fits.then(|| tokens[steps.len()..].to_vec())
    })
}

/// The path in a template of what gives the value at `tokens`, and its text. Keys may be expressions,
/// and items that are omitted move those behind them.
fn locate(
    engine: &Engine,
    context: &Context,
    template: &Value,
    tokens: &[String],
) -> (String, Option<String>) {
    let mut path = String::new();
    let mut at = template;
    for token in tokens {
        let next = match at {
            Value::Object(map) => map.iter().find_map(|(key, child)| {
                let rendered = || engine.render_text(key, context).ok().flatten();
                let same = key == token
                    || key.contains("${") && rendered().is_some_and(|key| key == token.as_str());
                same.then(|| (format!(".{key}"), child))
            }),
            Value::Array(items) => {
                let there = items.iter().enumerate().filter(|(_, item)| {
                    let rendered = engine.render(item, context);
                    rendered.is_ok_and(|value| value.is_some())
                });
                let wanted = token.parse::<usize>().unwrap_or(usize::MAX);
                let found = there.into_iter().nth(wanted);
                found.map(|(index, item)| (format!("[{index}]"), item))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        let Some((step, child)) = next else { break };
        path.push_str(&step);
        at = child;
    }
    let text = at.as_str().filter(|text| text.contains("${"));
    (path, text.map(str::to_owned))
}

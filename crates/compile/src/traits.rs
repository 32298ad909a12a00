//! Step *traits*: creates, then patches, then removes (reference 3.3 step 5, 3.4).
//!
//! Each instance of a trait sees what the ones before it left, its own creates included. Whatever
//! fails names the trait, so that one broken trait is found among many.

use std::sync::Arc;

use serde_json::Value;

use model::{
    Diagnostic,
    kinds::{
        Trait,
        trait_::{PatchOperation, TraitRemove},
    },
};

use crate::{
    go, object,
    patch::{self, Operation},
    prepared,
    render::{self, Manifest, Rendered, Template},
    rules::{self, Target},
    template::{Context, Engine, budget::Spent},
    trace::Trace,
    tree,
};

/// A trait as it is applied to one component.
pub(crate) struct Applied<'a> {
    /// Public kind: `Trait` or `ClusterTrait`.
    pub(crate) kind: &'static str,
    /// Name of the trait.
    pub(crate) name: &'a str,
    /// Name of this use of it.
    pub(crate) instance: &'a str,
    /// Where its snapshot stands in the release.
    pub(crate) origin: String,
    pub(crate) spec: &'a Trait,
    pub(crate) prepared: Arc<prepared::Trait>,
    /// Variables, those of the trait included.
    pub(crate) context: Context,
}

impl Applied<'_> {
    fn fault(&self, place: &str, message: &str) -> Diagnostic {
        let (name, instance) = (self.name, self.instance);
        render::fault(
            &format!("{}.spec.{place}", self.origin),
            format!("failed to process trait {name}/{instance}: {message}"),
        )
    }
}

/// Applies a trait to what was rendered so far.
///
/// # Errors
/// The first thing that fails, with the name of the trait and its place.
pub(crate) fn apply(
    engine: &Engine,
    applied: &Applied<'_>,
    rendered: &mut Vec<Rendered>,
    trace: &mut Trace,
) -> Result<(), Diagnostic> {
    let before = rendered.len();
    create(applied, rendered).map_err(|fault| {
        let message = format!(
            "failed to process trait {}/{}: {}",
            applied.name, applied.instance, fault.message
        );
        Diagnostic { message, ..fault }
    })?;
    for created in &rendered[before..] {
        trace.created(applied.instance, created);
    }
    for index in 0..applied.spec.patches.len() {
        self::patch(engine, applied, index, rendered, trace).map_err(|reason| {
            let name = applied.name;
            let message =
                format!("failed to apply trait patch #{index} for trait {name}: {reason}");
            applied.fault(&format!("patches[{index}]"), &message)
        })?;
    }
    for (index, remove) in applied.spec.removes.iter().enumerate() {
        let title = format!("trait {} remove #{index}", applied.name);
        self::remove(engine, &applied.context, &title, remove, rendered).map_err(|reason| {
            let name = applied.name;
            let message =
                format!("failed to apply trait remove #{index} for trait {name}: {reason}");
            applied.fault(&format!("removes[{index}]"), &message)
        })?;
    }
    Ok(())
}

fn create(applied: &Applied<'_>, rendered: &mut Vec<Rendered>) -> Result<(), Diagnostic> {
    let owner = format!("{}.spec", applied.origin);
    for create in &applied.prepared.creates {
        rendered.extend(create.render(&owner, &applied.context)?);
    }
    Ok(())
}

/// The templates of what a trait creates.
pub(crate) fn creates(engine: &Engine, name: &str, spec: &Trait) -> Vec<Manifest> {
    let creates = spec.creates.iter().enumerate();
    let parsed = creates.map(|(index, create)| {
        let template = Template {
            id: "",
            place: &format!(".creates[{index}]"),
            title: &format!("trait {name} create #{index}"),
            body: &create.template,
            include_when: create.include_when.as_deref(),
            for_each: create.for_each.as_deref(),
            var: create.var.as_deref(),
            plane: rules::plane_of(create.target_plane),
        };
        template.parse(engine)
    });
    parsed.collect()
}

/// The context of each turn of a loop; one turn without a loop.
pub(crate) fn turns(
    engine: &Engine,
    context: &Context,
    title: &str,
    (for_each, var): (Option<&str>, Option<&str>),
) -> Result<Vec<Context>, String> {
    let Some(for_each) = for_each.filter(|each| !each.is_empty()) else {
        return Ok(vec![context.clone()]);
    };
    let value = engine.render_value(for_each, context).map_err(|error| {
        format!("failed to evaluate forEach expression '{for_each}' for {title}: {error}")
    })?;
    let items = render::items(value.as_ref())
        .map_err(|reason| format!("invalid forEach result for {title}: {reason}"))?;
    let var = render::variable(var);
    let items = items.into_iter();
    Ok(items.map(|item| context.with_value(var, item)).collect())
}

fn patch(
    engine: &Engine,
    applied: &Applied<'_>,
    index: usize,
    rendered: &mut [Rendered],
    trace: &mut Trace,
) -> Result<(), String> {
    let patch = &applied.spec.patches[index];
    let (context, title) = (
        &applied.context,
        &*format!("trait {} patch #{index}", applied.name),
    );
    let target = Target::of(&patch.target, patch.target_plane);
    let each = (patch.for_each.as_deref(), patch.var.as_deref());
    for context in turns(engine, context, title, each)? {
        let operations = patch
            .operations
            .iter()
            .enumerate()
            .map(|(index, raw)| {
                operation(
                    engine,
                    &context,
                    &format!("{title} operation #{index}"),
                    raw,
                )
            })
            .collect::<Result<Vec<_>, _>>()?;
        let charge = |spent: Spent| {
            let charged = context.charge(spent);
            charged.map_err(|error| patch::Error::new(error.to_string()))
        };
        for candidate in rendered.iter_mut() {
            if target
                .means(engine, &context, candidate)
                .map_err(|reason| reason.for_whom(title))?
            {
                let done = &mut |number: usize, object: &Value| {
                    let operation = &operations[number];
                    trace.patched(
                        applied.instance,
                        (index, number),
                        operation,
                        &context,
                        object,
                    );
                };
                let mut object = candidate.object.to_json().unwrap_or_default();
                let patched = patch::apply_charged(&mut object, &operations, &charge, done);
                patched.map_err(|error| {
                    let object = object::title(&candidate.object);
                    format!("failed to apply patches to {object} for {title}: {error}")
                })?;
                candidate.object = tree::of(&object);
            }
        }
    }
    Ok(())
}

/// Path and value are rendered once a turn, without `resource`.
fn operation(
    engine: &Engine,
    context: &Context,
    title: &str,
    operation: &PatchOperation,
) -> Result<Operation, String> {
    let raw = &operation.path;
    let path = engine
        .render_text(raw, context)
        .map_err(|error| format!("failed to render path '{raw}' for {title}: {error}"))?;
    let path = path.unwrap_or_default();
    let Value::String(path) = path else {
        let found = go::type_name(&path);
        return Err(format!(
            "path '{raw}' must evaluate to string for {title}, got {found}"
        ));
    };
    let value = match &operation.value {
        None => Value::Null,
        Some(value) => engine
            .render(value, context)
            .map_err(|error| format!("failed to render value for {title}: {error}"))?
            .unwrap_or_default(),
    };
    Ok(Operation {
        op: operation.op,
        path,
        value,
    })
}

fn remove(
    engine: &Engine,
    context: &Context,
    title: &str,
    remove: &TraitRemove,
    rendered: &mut Vec<Rendered>,
) -> Result<(), String> {
    let target = Target::of(&remove.target, remove.target_plane);
    let each = (remove.for_each.as_deref(), remove.var.as_deref());
    for context in turns(engine, context, title, each)? {
        let mut meant = Vec::with_capacity(rendered.len());
        for candidate in rendered.iter() {
            let fits = target.means(engine, &context, candidate);
            meant.push(fits.map_err(|reason| reason.for_whom(title))?);
        }
        let mut meant = meant.into_iter();
        rendered.retain(|_| !meant.next().unwrap_or(false));
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! Traits: creates, then patches, then removes (reference 3.3 step 5, 3.4).

use model::{
    Diagnostic,
    kinds::{Trait, trait_::{TraitPatch, TraitRemove}},
};
use serde_json::Value;

use crate::{
    patch::{self, Operation},
    render::{self, Rendered, Template},
    rules,
    template::{Context, Engine},
};

/// A trait as it is applied to one component.
pub(crate) struct Applied<'a> {
    /// `Trait name/instance`, for messages.
    pub(crate) title: String,
    /// Where its snapshot stands in the release.
    pub(crate) origin: String,
    pub(crate) spec: &'a Trait,
    /// Variables, those of the trait included.
    pub(crate) context: Context,
}

/// Applies a trait to what was rendered so far.
///
/// # Errors
/// The first thing that fails, with the name of the trait and its place.
pub(crate) fn apply(
    engine: &Engine,
    applied: &Applied<'_>,
    rendered: &mut Vec<Rendered>,
) -> Result<(), Diagnostic> {
    create(engine, applied, rendered)?;
    for (index, patch) in applied.spec.patches.iter().enumerate() {
        self::patch(engine, applied, patch, rendered).map_err(|reason| {
            let path = format!("{}.spec.patches[{index}]", applied.origin);
            render::fault(&path, format!("{}: failed to apply patch #{index}: {reason}", applied.title))
        })?;
    }
    for (index, remove) in applied.spec.removes.iter().enumerate() {
        self::remove(engine, applied, remove, rendered).map_err(|reason| {
            let path = format!("{}.spec.removes[{index}]", applied.origin);
            render::fault(&path, format!("{}: failed to apply remove #{index}: {reason}", applied.title))
        })?;
    }
    Ok(())
}

fn create(
    engine: &Engine,
    applied: &Applied<'_>,
    rendered: &mut Vec<Rendered>,
) -> Result<(), Diagnostic> {
    for (index, create) in applied.spec.creates.iter().enumerate() {
        let body = Value::Object(create.template.clone());
        let template = Template {
            id: "",
            origin: &format!("{}.spec.creates[{index}]", applied.origin),
            title: &format!("{} create #{index}", applied.title),
            body: &body,
            include_when: create.include_when.as_deref(),
            for_each: create.for_each.as_deref().filter(|each| !each.is_empty()),
            var: create.var.as_deref(),
            plane: rules::plane_of(create.target_plane),
        };
        rendered.extend(render::template(engine, &applied.context, &template)?);
    }
    Ok(())
}

/// The context of each turn of a loop; one turn without a loop.
fn turns(
    engine: &Engine,
    context: &Context,
    for_each: Option<&str>,
    var: Option<&str>,
) -> Result<Vec<Context>, String> {
    let Some(for_each) = for_each.filter(|each| !each.is_empty()) else {
        return Ok(vec![context.clone()]);
    };
    let var = render::variable(var);
    let items = render::iterate(engine, context, for_each)
        .map_err(|reason| format!("failed to evaluate forEach: {reason}"))?;
    Ok(items.iter().map(|item| context.with(var, item)).collect())
}

fn patch(
    engine: &Engine,
    applied: &Applied<'_>,
    patch: &TraitPatch,
    rendered: &mut [Rendered],
) -> Result<(), String> {
    let plane = rules::plane_of(patch.target_plane);
    for context in turns(engine, &applied.context, patch.for_each.as_deref(), patch.var.as_deref())? {
        let operations = operations(engine, &context, patch)?;
        for candidate in rendered.iter_mut().filter(|candidate| candidate.plane == plane) {
            if rules::is_meant(engine, &context, &patch.target, &candidate.object)? {
                patch::apply(&mut candidate.object, &operations).map_err(|error| {
                    format!("{}: {error}", crate::object::title(&candidate.object))
                })?;
            }
        }
    }
    Ok(())
}

/// Paths and values are rendered once a turn, without `resource`.
fn operations(
    engine: &Engine,
    context: &Context,
    patch: &TraitPatch,
) -> Result<Vec<Operation>, String> {
    patch
        .operations
        .iter()
        .map(|operation| {
            let path = engine
                .render(&Value::String(operation.path.clone()), context)
                .map_err(|error| format!("path {:?}: {error}", operation.path))?;
            let Some(Value::String(path)) = path else {
                return Err(format!("path {:?} must evaluate to text", operation.path));
            };
            let value = match &operation.value {
                None => Value::Null,
                Some(value) => engine
                    .render(value, context)
                    .map_err(|error| format!("value for {path:?}: {error}"))?
                    .unwrap_or_default(),
            };
            Ok(Operation { op: operation.op, path, value })
        })
        .collect()
}

fn remove(
    engine: &Engine,
    applied: &Applied<'_>,
    remove: &TraitRemove,
    rendered: &mut Vec<Rendered>,
) -> Result<(), String> {
    let plane = rules::plane_of(remove.target_plane);
    for context in turns(engine, &applied.context, remove.for_each.as_deref(), remove.var.as_deref())? {
        let mut keep = Vec::with_capacity(rendered.len());
        for candidate in rendered.iter() {
            let meant = candidate.plane == plane
                && rules::is_meant(engine, &context, &remove.target, &candidate.object)?;
            keep.push(!meant);
        }
        let mut keep = keep.into_iter();
        rendered.retain(|_| keep.next().unwrap_or(true));
    }
    Ok(())
}

//! Where a value of a rendered object comes from: which template, which operation of which trait, which
//! default, or the platform itself.
//!
//! Beside step 6. The pipeline runs once more with its trace on, so compiling costs nothing for it; what
//! each step left is then read backwards from the value that was asked for. It decides nothing and says
//! nothing that the pipeline did not do.

mod history;
mod origin;
mod place;
mod platform;
mod reads;
mod target;

use serde_json::Value;

use compile::{
    Compiler, object,
    trace::{self, By, Moment, Traced},
};
use model::{Diagnostics, ObjectKey};

use crate::workspace::{MadeFrom, Unit, attribute};

pub use target::{Target, TargetError, find};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// `Kind/name` of the object.
    pub object: String,
    /// JSON pointer to the value.
    pub pointer: String,
    /// The value; absent if a step took it away.
    pub value: Option<Value>,
    /// Who set it, in order; the last one is who set it so.
    pub chain: Vec<Link>,
}

/// A step that set a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The step, in words.
    pub by: String,
    /// Where users write it; absent for what the platform itself does.
    pub place: Option<Place>,
    /// The value after it; absent if it took the value away.
    pub value: Option<Value>,
    /// The template text that gives the value, if it is one text.
    pub text: Option<String>,
    /// What its expressions read.
    pub reads: Vec<Read>,
}

/// A place in an object that users write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The object.
    pub object: ObjectKey,
    /// The path in it.
    pub path: String,
}

/// A variable that an expression read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// As it was read.
    pub variable: String,
    /// Its value; absent if it is not set.
    pub value: Option<Value>,
    /// Who gives it, in words.
    pub from: String,
    /// Where it is given.
    pub place: Option<Place>,
}

/// Explains a value of an object of a unit.
///
/// # Errors
/// There is no such value, or the unit does not render.
pub fn explain(
    compiler: &Compiler,
    unit: &Unit,
    object: &Value,
    target: &Target,
) -> Result<Explanation, TargetError> {
    let refused = |diagnostics: Diagnostics| TargetError::Broken(diagnostics.to_string());
    let scene = Scene::new(compiler, unit).map_err(refused)?;
    let moments: Vec<&Moment> = (scene.traced.moments.iter())
        .filter(|moment| object::title(&moment.object) == object::title(object))
        .collect();
    let states: Vec<&Value> = moments.iter().map(|moment| &moment.object).collect();
    let tokens = target.resolve(object, &states)?;
    let history = history::of(&states, object, &tokens);
    let mut chain = Vec::new();
    for change in history {
        chain.push(match change.step.and_then(|step| moments.get(step)) {
            Some(moment) => {
                let before = change.step.and_then(|step| step.checked_sub(1));
                let before = before.and_then(|step| states.get(step)).copied();
                scene.link(moment, before, &change)
            }
            None => Link {
                by: platform::what(object, &change.tokens, states.is_empty()),
                place: None,
                value: change.value,
                text: None,
                reads: Vec::new(),
            },
        });
    }
    Ok(Explanation {
        object: object::title(object),
        pointer: target::pointer(&tokens),
        value: history::at(object, &tokens).cloned(),
        chain,
    })
}

/// A unit with all that its rendering told.
struct Scene<'a> {
    unit: &'a Unit,
    traced: Traced<'a>,
}

impl<'a> Scene<'a> {
    fn new(compiler: &'a Compiler, unit: &'a Unit) -> Result<Self, Diagnostics> {
        let traced = match &unit.made_from {
            MadeFrom::Component(snapshot) => trace::component(compiler, snapshot)?,
            MadeFrom::Cell(snapshot) => trace::cell(compiler, snapshot)?,
        };
        Ok(Self { unit, traced })
    }

    /// Where users write what stands at this path of the release.
    fn place(&self, path: &str) -> Place {
        let parts = &self.unit.parts;
        let (object, path) = match &self.unit.made_from {
            MadeFrom::Component(snapshot) => attribute::place(parts, &snapshot.release, path),
            MadeFrom::Cell(_) => attribute::cell_place(parts, path),
        };
        Place { object, path }
    }

    /// What a step did to the value.
    fn link(&self, moment: &Moment, before: Option<&Value>, change: &history::Change) -> Link {
        let written = match &moment.by {
            By::Type { origin, id } => self.template(origin, id, None, &change.tokens),
            By::Create {
                instance,
                origin,
                id,
            } => self.template(origin, id, Some(instance), &change.tokens),
            By::Patch { .. } => self.operation(&moment.by, before, change),
        };
        let place = self.place(&written.path);
        let scope = origin::Scope {
            instance: written.instance,
            turn: written.turn,
        };
        let reads = match &written.text {
            Some(text) => reads::of(text, &written.context)
                .into_iter()
                .map(|read| self.read(&scope, read))
                .collect(),
            None => Vec::new(),
        };
        Link {
            by: written.by,
            place: Some(place),
            value: change.value.clone(),
            text: written.text,
            reads,
        }
    }
}

//! What rendering tells of itself, if somebody asks where a value comes from.
//!
//! Beside steps *render* and *traits*. A trace that is off holds nothing and copies nothing.

use serde_json::Value;

use crate::{patch::Operation, render::Rendered, template::Context};

/// The states that objects went through.
#[derive(Debug)]
pub(crate) enum Trace {
    /// Nobody asks.
    Off,
    /// What each step left, in order.
    On(Vec<Moment>),
}

/// An object after a step.
#[derive(Debug)]
pub(crate) struct Moment {
    /// The step.
    pub(crate) by: By,
    /// The object as the step left it.
    pub(crate) object: Value,
}

/// A step that makes or changes an object.
#[derive(Debug)]
pub(crate) enum By {
    /// A template of the type: where it stands in the release, and its id with the turn of its loop.
    Type { origin: String, id: String },
    /// A template of a trait.
    Create {
        instance: String,
        origin: String,
        id: String,
    },
    /// An operation of a patch of a trait: its numbers, its path and value, and what it saw.
    Patch {
        instance: String,
        patch: usize,
        number: usize,
        path: String,
        context: Context,
    },
}

impl Trace {
    /// A trace that is on.
    pub(crate) const fn on() -> Self {
        Self::On(Vec::new())
    }

    /// What was told.
    pub(crate) fn into_moments(self) -> Vec<Moment> {
        match self {
            Self::Off => Vec::new(),
            Self::On(moments) => moments,
        }
    }

    /// A template of the type was rendered.
    pub(crate) fn rendered(&mut self, rendered: &Rendered) {
        if let Self::On(moments) = self {
            moments.push(Moment {
                by: By::Type {
                    origin: rendered.origin.clone(),
                    id: rendered.id.clone(),
                },
                object: rendered.object.clone(),
            });
        }
    }

    /// A template of a trait was rendered.
    pub(crate) fn created(&mut self, instance: &str, rendered: &Rendered) {
        if let Self::On(moments) = self {
            moments.push(Moment {
                by: By::Create {
                    instance: instance.to_owned(),
                    origin: rendered.origin.clone(),
                    id: rendered.id.clone(),
                },
                object: rendered.object.clone(),
            });
        }
    }

    /// An operation of a patch was carried out.
    pub(crate) fn patched(
        &mut self,
        instance: &str,
        (patch, number): (usize, usize),
        operation: &Operation,
        context: &Context,
        object: &Value,
    ) {
        if let Self::On(moments) = self {
            moments.push(Moment {
                by: By::Patch {
                    instance: instance.to_owned(),
                    patch,
                    number,
                    path: operation.path.clone(),
                    context: context.clone(),
                },
                object: object.clone(),
            });
        }
    }
}

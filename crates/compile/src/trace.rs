//! What rendering tells of itself, if somebody asks where a value comes from.
//!
//! Beside steps *render* and *traits*. A trace that is off holds nothing and copies nothing, so compiling
//! costs nothing for it. It is all that explanations know of the pipeline.

use serde_json::Value;

use model::Diagnostics;

use crate::{
    Compiler,
    component::{self, Variables, instances, variables::Wanted},
    names,
    patch::Operation,
    project,
    render::Rendered,
    template::{Context, Engine},
    traits::Applied,
};

/// A rendering, with all that it told.
#[derive(Debug)]
pub struct Traced<'a> {
    /// What its expressions are evaluated by.
    pub engine: &'a Engine,
    /// What the templates of the type see.
    pub base: Context,
    /// What each use of a trait sees, by its name.
    instances: Vec<(String, Context)>,
    /// What each step left, in order.
    pub moments: Vec<Moment>,
}

impl Traced<'_> {
    /// What the templates of a use of a trait see.
    #[must_use]
    pub fn context(&self, instance: &str) -> &Context {
        let found = self.instances.iter().find(|(name, _)| name == instance);
        found.map_or(&self.base, |(_, context)| context)
    }
}

/// Renders a component and listens.
///
/// # Errors
/// As compiling it.
pub fn component<'a>(
    compiler: &'a Compiler,
    snapshot: &component::Snapshot,
) -> Result<Traced<'a>, Diagnostics> {
    let engine = compiler.component_engine();
    let parts = compiler.prepare(&snapshot.release);
    let schemas = &parts.component_type.schemas;
    let variables = Variables::new(snapshot, schemas, Wanted::All)?;
    let mut trace = Trace::on();
    component::render_traced(compiler, snapshot, &variables, &mut trace)?;
    let named = |applied: Applied<'_>| (applied.instance.to_owned(), applied.context);
    let instances = instances::all(compiler, snapshot, &variables)?;
    Ok(Traced {
        engine,
        instances: instances.into_iter().map(named).collect(),
        base: variables.base,
        moments: trace.into_moments(),
    })
}

/// Renders the cell of a project and listens.
///
/// # Errors
/// As compiling it.
pub fn cell<'a>(
    compiler: &'a Compiler,
    snapshot: &project::Snapshot,
) -> Result<Traced<'a>, Diagnostics> {
    let engine = compiler.plain_engine();
    let (project, environment) = (&snapshot.project_name, &snapshot.environment.name);
    let cell = names::cell_namespace(&snapshot.namespace, project, environment);
    let base = project::variables(snapshot, &cell)?;
    let project_type = &snapshot.release.project_type.spec;
    let mut trace = Trace::on();
    for rendered in project::render_objects(engine, project_type, &base)? {
        trace.rendered(&rendered);
    }
    Ok(Traced {
        engine,
        base,
        instances: Vec::new(),
        moments: trace.into_moments(),
    })
}

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
pub struct Moment {
    /// The step.
    pub by: By,
    /// The object as the step left it.
    pub object: Value,
}

/// A step that makes or changes an object.
#[derive(Debug)]
pub enum By {
    /// A template of the type.
    Type {
        /// Where it stands in the release.
        origin: String,
        /// Its id, with the turn of its loop.
        id: String,
    },
    /// A template of a trait.
    Create {
        /// The use of the trait.
        instance: String,
        /// Where the template stands in the release.
        origin: String,
        /// Its id, with the turn of its loop.
        id: String,
    },
    /// An operation of a patch of a trait.
    Patch {
        /// The use of the trait.
        instance: String,
        /// Number of the patch.
        patch: usize,
        /// Number of the operation in it.
        number: usize,
        /// Its path, as it was rendered.
        path: String,
        /// What it saw.
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
                object: rendered.object.to_json().unwrap_or_default(),
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
                object: rendered.object.to_json().unwrap_or_default(),
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

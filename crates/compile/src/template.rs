//! Templates: JSON whose strings and keys may hold `${…}` expressions.
//!
//! Part of step 6 (compile), and of every place where a rule or a value is written as a template.
//! Rendering is pure and bounded in depth and output; it does no I/O and never panics. A string that
//! is one expression keeps the type of its value, a string that holds expressions becomes text, and
//! what evaluates to `oc_omit()` leaves no trace.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few types of values are written in their own way, and all others alike"
)]

pub(crate) mod budget;
mod context;
mod error;
mod parsed;
mod scan;
mod text;

use std::fmt;
use std::sync::Arc;

use moka::sync::Cache;
use serde_json::Value as Json;

use expr::{Environment, Numbers, Program, ReadPath, Value};

use crate::functions::{self, Methods};

pub use context::Context;
pub use error::{Error, Reason};
pub use parsed::{Parsed, ParsedText};
pub use scan::{Expression, find_expressions};

/// Renders templates. Cheap to clone; clones share the caches of parsed strings and programs.
#[derive(Clone)]
pub struct Engine {
    environment: Environment,
    texts: Cache<Box<str>, Arc<text::Text>>,
}

/// Bytes of parsed template strings that an engine keeps.
const TEXT_BYTES: u64 = 32 << 20;

/// Bytes that a parsed template string may take beside the programs, which are kept on their own.
fn weight(length: usize) -> u32 {
    const ENTRY: usize = 512;
    u32::try_from(length.saturating_mul(4) + ENTRY).unwrap_or(u32::MAX)
}

impl Engine {
    /// An engine that knows the platform's functions and these methods.
    #[must_use]
    pub fn new(methods: Methods) -> Self {
        Self {
            environment: functions::environment(methods),
            texts: Cache::<Box<str>, _>::builder()
                .max_capacity(TEXT_BYTES)
                .weigher(|template, _| weight(template.len()))
                .build(),
        }
    }

    /// Renders a template; `None` when all of it is omitted.
    ///
    /// # Errors
    /// The first expression that does not compile or evaluate, with its place in the template.
    pub fn render(&self, template: &Json, context: &Context) -> Result<Option<Json>, Error> {
        let rendered = self.parse(template).render(context)?;
        Ok(rendered.and_then(|value| value.to_json()))
    }

    /// As [`Engine::render`], of one string.
    ///
    /// # Errors
    /// As [`Engine::render`].
    pub fn render_text(&self, template: &str, context: &Context) -> Result<Option<Json>, Error> {
        let value = self
            .parse_text(template)
            .render(context, Numbers::AsWritten)?;
        Ok(value.and_then(|value| value.to_json()))
    }

    /// As [`Engine::render_text`], as a value that other expressions may see.
    ///
    /// # Errors
    /// As [`Engine::render`].
    pub fn render_value(&self, template: &str, context: &Context) -> Result<Option<Value>, Error> {
        self.parse_text(template).render(context, Numbers::Doubles)
    }

    /// Evaluates a template string: the value of its one expression, or its text.
    ///
    /// # Errors
    /// The expression does not compile or evaluate.
    pub fn evaluate(&self, template: &str, context: &Context) -> Result<Value, Error> {
        self.text(template)?.evaluate(context)
    }

    /// Evaluates a template string that must give a boolean.
    ///
    /// # Errors
    /// As [`Engine::evaluate`], or [`Reason::NotBoolean`].
    pub fn evaluate_bool(&self, template: &str, context: &Context) -> Result<bool, Error> {
        let value = self.evaluate(template, context)?;
        value.as_bool().ok_or_else(|| {
            Error::new(Reason::NotBoolean {
                template: template.to_owned(),
                found: text::go_type(&value),
            })
        })
    }

    /// The program of the one expression that a template string is; `None` where it is text, or
    /// text with expressions in it.
    ///
    /// # Errors
    /// The expression does not compile.
    pub fn program(&self, template: &str) -> Result<Option<Program>, Error> {
        Ok(self.text(template)?.program().cloned())
    }

    /// What the expressions of a template string read of a variable; those that do not compile read
    /// nothing.
    #[must_use]
    pub fn paths(&self, template: &str, variable: &str) -> Vec<ReadPath> {
        let found = find_expressions(template).unwrap_or_default();
        let programs = found
            .iter()
            .filter_map(|expression| self.environment.compile(expression.source).ok());
        programs
            .flat_map(|program| program.paths())
            .filter(|path| &*path.variable == variable)
            .collect()
    }

    /// The environment that expressions are compiled in.
    #[must_use]
    pub const fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The parsed form of a template string.
    fn text(&self, template: &str) -> Result<Arc<text::Text>, Error> {
        if let Some(known) = self.texts.get(template) {
            return Ok(known);
        }
        let parsed = Arc::new(text::Text::parse(template, &self.environment)?);
        self.texts.insert(template.into(), Arc::clone(&parsed));
        Ok(parsed)
    }
}

impl Default for Engine {
    /// An engine for everything but components.
    fn default() -> Self {
        Self::new(Methods::Plain)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

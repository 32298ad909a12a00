//! What expressions may use, and the cache of those already compiled.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use moka::sync::Cache;

use crate::error::Error;
use crate::limits::Limits;
use crate::program::Program;
use crate::value::{Type, Value};

/// The functions and limits of a family of expressions, and a bounded cache of their programs.
/// Cloning is cheap and shares the cache.
///
/// Which variables exist is not part of an environment: a program lists the ones it refers to, see
/// [`Program::check`] and [`Program::evaluate`].
#[derive(Clone)]
pub struct Environment {
    inner: Arc<Inner>,
}

struct Inner {
    functions: HashMap<&'static str, Arc<Custom>>,
    rewrites: HashMap<(&'static str, &'static str), (usize, Rewrite)>,
    limits: Limits,
    programs: Cache<Box<str>, Result<Program, Error>>,
}

/// A builder of environments.
pub struct Builder {
    functions: HashMap<&'static str, Arc<Custom>>,
    rewrites: HashMap<(&'static str, &'static str), (usize, Rewrite)>,
    limits: Limits,
    capacity: u64,
}

/// How many arguments a function takes, and of which types.
#[derive(Debug, Clone, Copy)]
pub struct Arity {
    /// At least so many.
    pub min: usize,
    /// At most so many.
    pub max: usize,
    /// The types an argument may have; none given means any. Checked when an expression is
    /// compiled, as far as types are known; the function checks again.
    pub accepts: &'static [Type],
    /// The type of every result, if there is one.
    pub result: Option<Type>,
    /// What to say when the number of arguments is wrong.
    pub message: &'static str,
}

impl Arity {
    /// Exactly `count` arguments of any type.
    #[must_use]
    pub const fn exactly(count: usize) -> Self {
        Self {
            min: count,
            max: count,
            accepts: &[],
            result: None,
            message: "",
        }
    }

    /// `min` arguments or more, of any type.
    #[must_use]
    pub const fn at_least(min: usize) -> Self {
        Self {
            min,
            max: usize::MAX,
            accepts: &[],
            result: None,
            message: "",
        }
    }

    /// With these argument types.
    #[must_use]
    pub const fn of(mut self, accepts: &'static [Type]) -> Self {
        self.accepts = accepts;
        self
    }

    /// With this result type.
    #[must_use]
    pub const fn gives(mut self, result: Type) -> Self {
        self.result = Some(result);
        self
    }

    /// With this message when the number of arguments is wrong.
    #[must_use]
    pub const fn or_say(mut self, message: &'static str) -> Self {
        self.message = message;
        self
    }

    /// What is wrong with a call whose arguments have these types.
    pub(crate) fn refuses(&self, name: &str, arguments: &[Option<Type>]) -> Option<String> {
        let fits = (self.min..=self.max).contains(&arguments.len());
        if !fits && !self.message.is_empty() {
            return Some(self.message.to_owned());
        }
        let accepted = |kind: &Type| self.accepts.is_empty() || self.accepts.contains(kind);
        if fits && arguments.iter().flatten().all(accepted) {
            return None;
        }
        let types: Vec<_> = arguments
            .iter()
            .map(|kind| kind.map_or("dyn", Type::name))
            .collect();
        Some(format!(
            "found no matching overload for '{name}' applied to '({})'",
            types.join(", ")
        ))
    }
}

type Body = dyn Fn(&[Value]) -> Result<Value, Error> + Send + Sync;

/// A function registered from outside.
pub(crate) struct Custom {
    arity: Arity,
    body: Box<Body>,
}

impl Custom {
    pub(crate) const fn signature(&self) -> &Arity {
        &self.arity
    }

    pub(crate) fn call(&self, arguments: &[Value]) -> Result<Value, Error> {
        (self.body)(arguments)
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom")
            .field("arity", &self.arity)
            .finish_non_exhaustive()
    }
}

/// What a method call on a certain variable stands for.
#[derive(Debug, Clone)]
pub(crate) enum Rewrite {
    /// `object.field`.
    Field { object: Arc<str>, field: Arc<str> },
    /// `object.field[?argument]`.
    OptionalIndex { object: Arc<str>, field: Arc<str> },
}

impl Environment {
    /// How many programs an environment keeps unless told otherwise.
    const PROGRAMS: u64 = 8192;

    /// Starts with the standard library alone.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            functions: HashMap::new(),
            rewrites: HashMap::new(),
            limits: Limits::default(),
            capacity: Self::PROGRAMS,
        }
    }

    /// Compiles an expression, or takes it from the cache. What does not compile is kept too.
    ///
    /// # Errors
    /// The text is not an expression, names an unknown function, or exceeds a limit.
    pub fn compile(&self, source: &str) -> Result<Program, Error> {
        if let Some(known) = self.inner.programs.get(source) {
            return known;
        }
        let program = Program::compile(self, source);
        // Texts over the limit are refused before they are read, and would only fill the cache.
        if source.len() <= self.inner.limits.source_bytes {
            self.inner.programs.insert(source.into(), program.clone());
        }
        program
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    pub(crate) fn custom(&self, name: &str) -> Option<Arc<Custom>> {
        self.inner.functions.get(name).cloned()
    }

    pub(crate) fn rewrite(
        &self,
        receiver: &str,
        method: &str,
        arguments: usize,
    ) -> Option<Rewrite> {
        let (_, (count, rewrite)) = self
            .inner
            .rewrites
            .iter()
            .find(|((known, name), _)| *known == receiver && *name == method)?;
        (*count == arguments).then(|| rewrite.clone())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("functions", &self.inner.functions.keys())
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl Builder {
    /// Adds a global function, or replaces the one of that name.
    #[must_use]
    pub fn function(
        mut self,
        name: &'static str,
        arity: Arity,
        body: impl Fn(&[Value]) -> Result<Value, Error> + Send + Sync + 'static,
    ) -> Self {
        self.functions.insert(
            name,
            Arc::new(Custom {
                arity,
                body: Box::new(body),
            }),
        );
        self
    }

    /// Makes `receiver.method()` stand for `object.field`. `receiver` is matched as it is written,
    /// and need not be bound.
    #[must_use]
    pub fn method_as_field(
        mut self,
        (receiver, method): (&'static str, &'static str),
        (object, field): (&'static str, &'static str),
    ) -> Self {
        let rewrite = Rewrite::Field {
            object: object.into(),
            field: field.into(),
        };
        self.rewrites.insert((receiver, method), (0, rewrite));
        self
    }

    /// Makes `receiver.method(key)` stand for `object.field[?key]`.
    #[must_use]
    pub fn method_as_lookup(
        mut self,
        (receiver, method): (&'static str, &'static str),
        (object, field): (&'static str, &'static str),
    ) -> Self {
        let rewrite = Rewrite::OptionalIndex {
            object: object.into(),
            field: field.into(),
        };
        self.rewrites.insert((receiver, method), (1, rewrite));
        self
    }

    /// Sets the limits of every expression.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how many programs are kept.
    #[must_use]
    pub const fn capacity(mut self, programs: u64) -> Self {
        self.capacity = programs;
        self
    }

    /// Finishes the environment.
    #[must_use]
    pub fn build(self) -> Environment {
        Environment {
            inner: Arc::new(Inner {
                functions: self.functions,
                rewrites: self.rewrites,
                limits: self.limits,
                programs: Cache::new(self.capacity),
            }),
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("functions", &self.functions.keys())
            .finish_non_exhaustive()
    }
}

//! What expressions may use, and the cache of those already compiled.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use moka::sync::Cache;

use crate::check::{self, Declarations, Signature, StaticType};
use crate::error::Error;
use crate::library::Library;
use crate::limits::Limits;
use crate::program::Program;
use crate::syntax;
use crate::value::Value;

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
    builtins: &'static Library,
    functions: HashMap<&'static str, Arc<Custom>>,
    rewrites: HashMap<(&'static str, &'static str), Rewrite>,
    binds: bool,
    limits: Limits,
    programs: Cache<Box<str>, Result<Program, Error>>,
}

/// A builder of environments.
pub struct Builder {
    builtins: &'static Library,
    functions: HashMap<&'static str, Arc<Custom>>,
    rewrites: HashMap<(&'static str, &'static str), Rewrite>,
    binds: bool,
    limits: Limits,
    cache_bytes: u64,
}

/// What a function takes and gives.
#[derive(Debug, Clone)]
pub struct Overloads {
    signatures: Vec<Signature>,
    message: &'static str,
}

impl Overloads {
    /// From texts such as `string, list(int) -> bool`.
    ///
    /// The types are `dyn`, `null`, `bool`, `int`, `uint`, `double`, `string`, `bytes`, `timestamp`, `duration`,
    /// `list(T)`, `map(K, V)`, `optional(T)` and `type(T)`; a capital letter is any type, the same wherever it
    /// stands; any other word is a type of that name. `T...` at the end is one argument or more.
    ///
    /// # Panics
    /// When a text is no such signature: they are part of the program.
    #[must_use]
    pub fn of(texts: &[&str]) -> Self {
        let parse = |text: &&str| {
            Signature::parse(text).unwrap_or_else(|| panic!("'{text}' is not a signature"))
        };
        Self {
            signatures: texts.iter().map(parse).collect(),
            message: "",
        }
    }

    /// With this message where no overload takes so many arguments.
    #[must_use]
    pub const fn or_say(mut self, message: &'static str) -> Self {
        self.message = message;
        self
    }
}

type Body = dyn Fn(&[Value]) -> Result<Value, Error> + Send + Sync;

/// A function registered from outside.
pub(crate) struct Custom {
    overloads: Overloads,
    body: Box<Body>,
}

impl Custom {
    pub(crate) fn overloads(&self) -> &[Signature] {
        &self.overloads.signatures
    }

    /// Its own words for a number of arguments that it does not take.
    pub(crate) fn refuses(&self, count: usize) -> Option<&'static str> {
        let overloads = &self.overloads;
        let taken = overloads
            .signatures
            .iter()
            .any(|signature| signature.takes(count));
        (!taken && !overloads.message.is_empty()).then_some(overloads.message)
    }

    pub(crate) fn call(&self, arguments: &[Value]) -> Result<Value, Error> {
        (self.body)(arguments)
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom")
            .field("overloads", &self.overloads)
            .finish_non_exhaustive()
    }
}

/// The field that a method call on a certain variable stands for: `object.field` or, with an argument,
/// `object.field[?argument]`.
#[derive(Debug, Clone)]
struct Rewrite {
    object: Arc<str>,
    field: Arc<str>,
    arguments: usize,
}

impl Environment {
    /// Bytes of programs that an environment keeps unless told otherwise.
    const CACHE_BYTES: u64 = 32 << 20;

    /// Starts with the standard library alone.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            builtins: Library::standard(),
            functions: HashMap::new(),
            rewrites: HashMap::new(),
            binds: false,
            limits: Limits::default(),
            cache_bytes: Self::CACHE_BYTES,
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

    /// The type of an expression where these variables are declared.
    ///
    /// # Errors
    /// Every problem, in the order of the text: syntax, names that are not there, types that do not fit.
    pub fn check(&self, source: &str, declared: &Declarations) -> Result<StaticType, Vec<Error>> {
        let tree = syntax::parse(source, self.limits()).map_err(|error| vec![error])?;
        check::check(self, source, &tree, declared).map(|checked| checked.result)
    }

    /// Whether `cel.bind` is known.
    pub(crate) fn binds(&self) -> bool {
        self.inner.binds
    }

    pub(crate) fn builtins(&self) -> &'static Library {
        self.inner.builtins
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    pub(crate) fn custom(&self, name: &str) -> Option<Arc<Custom>> {
        self.inner.functions.get(name).cloned()
    }

    /// The variable and the field that `receiver.method` stands for with so many arguments.
    pub(crate) fn rewrite(
        &self,
        receiver: &str,
        method: &str,
        arguments: usize,
    ) -> Option<(Arc<str>, Arc<str>)> {
        let (_, rewrite) = self
            .inner
            .rewrites
            .iter()
            .find(|((known, name), _)| *known == receiver && *name == method)?;
        (rewrite.arguments == arguments).then(|| (rewrite.object.clone(), rewrite.field.clone()))
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
        overloads: Overloads,
        body: impl Fn(&[Value]) -> Result<Value, Error> + Send + Sync + 'static,
    ) -> Self {
        self.functions.insert(
            name,
            Arc::new(Custom {
                overloads,
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
        let rewrite = Rewrite {
            object: object.into(),
            field: field.into(),
            arguments: 0,
        };
        self.rewrites.insert((receiver, method), rewrite);
        self
    }

    /// Makes `receiver.method(key)` stand for `object.field[?key]`.
    #[must_use]
    pub fn method_as_lookup(
        mut self,
        (receiver, method): (&'static str, &'static str),
        (object, field): (&'static str, &'static str),
    ) -> Self {
        let rewrite = Rewrite {
            object: object.into(),
            field: field.into(),
            arguments: 1,
        };
        self.rewrites.insert((receiver, method), rewrite);
        self
    }

    /// Adds `cel.bind(name, value, expression)`.
    #[must_use]
    pub const fn with_bind(mut self) -> Self {
        self.binds = true;
        self
    }

    /// Adds the library of Kubernetes: `quantity`, `ip`, `cidr`, `url`, `semver`, `format`, and what it has for text and
    /// lists.
    #[cfg(feature = "kubernetes")]
    #[must_use]
    pub fn with_kubernetes(mut self) -> Self {
        self.builtins = Library::kubernetes();
        self
    }

    /// Sets the limits of every expression.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how many bytes of programs are kept. A program counts for many times its text.
    #[must_use]
    pub const fn cache_bytes(mut self, bytes: u64) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Finishes the environment.
    #[must_use]
    pub fn build(self) -> Environment {
        Environment {
            inner: Arc::new(Inner {
                builtins: self.builtins,
                functions: self.functions,
                rewrites: self.rewrites,
                binds: self.binds,
                limits: self.limits,
                programs: Cache::<Box<str>, _>::builder()
                    .max_capacity(self.cache_bytes)
                    .weigher(|source, _| weight(source.len()))
                    .build(),
            }),
        }
    }
}

/// Bytes that a program may take: two characters make a node, and each entry has its own cost.
fn weight(length: usize) -> u32 {
    const ENTRY: usize = 512;
    const CHARACTER: usize = 64;
    u32::try_from(length.saturating_mul(CHARACTER) + ENTRY).unwrap_or(u32::MAX)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("functions", &self.functions.keys())
            .finish_non_exhaustive()
    }
}

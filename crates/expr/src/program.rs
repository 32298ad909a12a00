//! A compiled expression.

mod call;
mod lower;
mod node;
mod paths;

use std::sync::Arc;

use smallvec::SmallVec;

use crate::bindings::Bindings;
use crate::check::{self, Declarations, StaticType};
use crate::environment::Environment;
use crate::error::{Error, Position};
use crate::evaluate::{self, Budget};
use crate::limits::Limits;
use crate::syntax;
use crate::value::Value;

pub use paths::ReadPath;

pub(crate) use call::{Meaning, Place, Shape};
pub(crate) use node::{Arithmetic, Callee, Comparison, Loop, LoopKind, Node, Root};

/// A compiled expression. Cloning is cheap.
///
/// A program is not tied to a set of variables: the names it refers to are known
/// ([`Program::references`]), and evaluating it where one of them is missing is the compile error
/// that it would be had the variables been declared before.
#[derive(Debug, Clone)]
pub struct Program {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: Node,
    references: Vec<Reference>,
    /// Loop variables that are alive at once, at most.
    slots: usize,
    result: StaticType,
    limits: Limits,
}

/// A variable that a program refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The name.
    pub name: Arc<str>,
    /// Where it first stands.
    pub at: Position,
    /// Whether the name also names a type, and so means something without a variable.
    pub(crate) is_type: bool,
}

impl Program {
    pub(crate) fn compile(environment: &Environment, source: &str) -> Result<Self, Error> {
        let limits = *environment.limits();
        let tree = syntax::parse(source, &limits)?;
        let open = Declarations::open();
        let checked = check::check(environment, source, &tree, &open).map_err(first)?;
        let lowered = lower::lower(environment, source, &tree, checked.chosen)?;
        Ok(Self {
            inner: Arc::new(Inner {
                root: lowered.root,
                references: lowered.references,
                slots: lowered.slots,
                result: checked.result,
                limits,
            }),
        })
    }

    /// The variables the program refers to, each once, in order of appearance.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.inner.references
    }

    /// What the program reads of its variables, as far as its text alone shows it: each path once, sorted.
    #[must_use]
    pub fn paths(&self) -> Vec<ReadPath> {
        paths::paths(&self.inner.root, &self.inner.references)
    }

    /// The type of every result, as far as it follows from the text alone.
    #[must_use]
    pub fn result_type(&self) -> &StaticType {
        &self.inner.result
    }

    /// Checks that every variable is declared.
    ///
    /// # Errors
    /// [`Error::Undeclared`] with the first that is not.
    pub fn check(&self, declared: impl Fn(&str) -> bool) -> Result<(), Error> {
        let missing = self
            .inner
            .references
            .iter()
            .find(|reference| !reference.is_type && !declared(&reference.name));
        missing.map_or(Ok(()), |reference| Err(reference.undeclared()))
    }

    /// Evaluates the program.
    ///
    /// # Errors
    /// [`Error::Undeclared`] when a variable is not bound, [`Error::Limit`] when the work exceeds
    /// the limits, and whatever the operations say otherwise.
    pub fn evaluate(&self, bindings: &Bindings) -> Result<Value, Error> {
        self.evaluate_within(bindings, &mut Budget::new(&self.inner.limits))
    }

    /// Evaluates the program, and takes what it costs from a budget that other expressions share.
    ///
    /// # Errors
    /// As [`Program::evaluate`]; what was charged before an error stays charged.
    pub fn evaluate_within(
        &self,
        bindings: &Bindings,
        budget: &mut Budget,
    ) -> Result<Value, Error> {
        let inner = &*self.inner;
        let mut globals = SmallVec::<[_; 8]>::new();
        for reference in &inner.references {
            let found = bindings.find(&reference.name);
            if found.is_none() && !reference.is_type {
                return Err(reference.undeclared());
            }
            globals.push(found);
        }
        evaluate::run(&inner.root, &globals, inner.slots, budget)
    }
}

/// The one problem that an expression is refused with.
fn first(problems: Vec<Error>) -> Error {
    let first = problems.into_iter().next();
    first.unwrap_or_else(|| Error::argument("not an expression"))
}

impl Reference {
    fn undeclared(&self) -> Error {
        Error::Undeclared {
            at: self.at,
            name: self.name.to_string(),
        }
    }
}

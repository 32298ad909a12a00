//! The functions every expression may use: the standard library and its extensions for text,
//! lists, sets, numbers, encodings, times and optional values.

mod convert;
mod encoders;
mod format;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod lists;
mod math;
mod numerals;
mod optionals;
mod regexes;
mod sets;
mod strings;
mod time;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::check::Signature;
use crate::error::Error;
use crate::evaluate::{Budget, no_overload};
use crate::value::{Type, Value};

pub(crate) use format::check as check_format;
pub(crate) use lists::sortable;
pub use regexes::Pattern;

type Outcome = Result<Value, Error>;
type Body = fn(&[Value], &mut Budget) -> Outcome;

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `f(x)`.
    Global,
    /// `x.f()`; the receiver is the first argument.
    Member,
}

/// A function of the library.
#[derive(Debug)]
pub(crate) struct Function {
    name: &'static str,
    style: Style,
    /// What it takes and gives: the texts of [`Signature`]s.
    overloads: &'static [&'static str],
    pub(crate) body: Body,
}

const fn global(name: &'static str, overloads: &'static [&'static str], body: Body) -> Function {
    Function {
        name,
        style: Style::Global,
        overloads,
        body,
    }
}

/// The receiver is the first parameter.
const fn member(name: &'static str, overloads: &'static [&'static str], body: Body) -> Function {
    Function {
        name,
        style: Style::Member,
        overloads,
        body,
    }
}

/// All functions of one name and style.
#[derive(Default)]
struct Named {
    signatures: Vec<Signature>,
    /// The function of each signature.
    functions: Vec<&'static Function>,
}

/// Functions by name, and the names of types that come with them.
#[derive(Default)]
pub(crate) struct Library {
    functions: HashMap<&'static str, [Named; 2]>,
    types: &'static [&'static str],
}

/// What every expression may use.
static STANDARD: LazyLock<Library> =
    LazyLock::new(|| Library::of(STANDARD_TABLES.iter().copied(), &[]));

const STANDARD_TABLES: [&[Function]; 9] = [
    convert::FUNCTIONS,
    encoders::FUNCTIONS,
    lists::FUNCTIONS,
    math::FUNCTIONS,
    optionals::FUNCTIONS,
    regexes::FUNCTIONS,
    sets::FUNCTIONS,
    strings::FUNCTIONS,
    time::FUNCTIONS,
];

impl Library {
    pub(crate) fn standard() -> &'static Self {
        &STANDARD
    }

    /// The standard library with the one of Kubernetes.
    #[cfg(feature = "kubernetes")]
    pub(crate) fn kubernetes() -> &'static Self {
        &kubernetes::LIBRARY
    }

    fn of(
        tables: impl Iterator<Item = &'static [Function]>,
        types: &'static [&'static str],
    ) -> Self {
        let mut functions: HashMap<_, [Named; 2]> = HashMap::new();
        for function in tables.flatten() {
            let styles = functions.entry(function.name).or_default();
            let named = &mut styles[function.style as usize];
            for overload in function.overloads {
                named.signatures.extend(Signature::parse(overload));
                named.functions.push(function);
            }
        }
        Self { functions, types }
    }

    /// Whether there is a function of this name, with whatever number of arguments.
    pub(crate) fn exists(&self, name: &str, style: Style) -> bool {
        !self.signatures(name, style).is_empty()
    }

    /// What the functions of this name take and give.
    pub(crate) fn signatures(&self, name: &str, style: Style) -> &[Signature] {
        match self.functions.get(name) {
            Some(styles) => &styles[style as usize].signatures,
            None => &[],
        }
    }

    /// The function of this name that takes so many arguments, the receiver included. Of several it is the first,
    /// which does by the values what the others do by the types.
    pub(crate) fn find(
        &self,
        name: &str,
        style: Style,
        arguments: usize,
    ) -> Option<&'static Function> {
        let named = &self.functions.get(name)?[style as usize];
        let fits = |signature: &Signature| signature.takes(arguments);
        let at = named.signatures.iter().position(fits)?;
        named.functions.get(at).copied()
    }

    /// The function of an overload, if it is another than [`Self::find`] gives.
    pub(crate) fn other(
        &self,
        name: &str,
        style: Style,
        overload: usize,
        arguments: usize,
    ) -> Option<&'static Function> {
        let functions = &self.functions.get(name)?[style as usize].functions;
        let function = functions.get(overload).copied()?;
        let first = self.find(name, style, arguments)?;
        (!std::ptr::eq(function, first)).then_some(function)
    }

    /// The type that an expression means by this name.
    pub(crate) fn type_named(&self, name: &str) -> Option<Type> {
        let known = self.types.iter().find(|known| **known == name);
        Type::parse(name).or_else(|| known.copied().map(Type::Opaque))
    }
}

fn mismatch(function: &str, arguments: &[Value]) -> Error {
    no_overload(function, &arguments.iter().collect::<Vec<_>>())
}

/// A text argument.
fn text<'a>(function: &str, arguments: &'a [Value], index: usize) -> Result<&'a str, Error> {
    arguments
        .get(index)
        .and_then(Value::as_str)
        .ok_or_else(|| mismatch(function, arguments))
}

/// An integer argument; a double without a fraction counts as one.
fn integer(function: &str, arguments: &[Value], index: usize) -> Result<i64, Error> {
    arguments
        .get(index)
        .and_then(Value::as_integer)
        .ok_or_else(|| mismatch(function, arguments))
}

/// A list argument.
fn items<'a>(
    function: &str,
    arguments: &'a [Value],
    index: usize,
) -> Result<&'a Vec<Value>, Error> {
    match arguments.get(index) {
        Some(Value::List(items)) => Ok(items),
        _ => Err(mismatch(function, arguments)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_of_the_library_is_one() {
        for (name, styles) in &Library::standard().functions {
            for named in styles {
                assert_eq!(named.signatures.len(), named.functions.len(), "{name}");
            }
        }
    }
}

//! The functions every expression may use: the standard library and its extensions for text,
//! lists, sets, numbers, encodings, times and optional values.

mod convert;
mod encoders;
mod format;
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

use crate::error::Error;
use crate::evaluate::{Budget, no_overload};
use crate::value::{Type, Value};

pub(crate) use format::check as check_format;
pub(crate) use lists::sortable;

type Outcome = Result<Value, Error>;
type Body = fn(&[Value], &mut Budget) -> Outcome;

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    min: usize,
    max: usize,
    /// The type of every result, if there is one.
    pub(crate) result: Option<Type>,
    pub(crate) body: Body,
}

const fn global(name: &'static str, count: usize, body: Body) -> Function {
    Function {
        name,
        style: Style::Global,
        min: count,
        max: count,
        result: None,
        body,
    }
}

/// `count` leaves the receiver out.
const fn member(name: &'static str, count: usize, body: Body) -> Function {
    let count = count + 1;
    Function {
        name,
        style: Style::Member,
        min: count,
        max: count,
        result: None,
        body,
    }
}

impl Function {
    const fn gives(mut self, result: Type) -> Self {
        self.result = Some(result);
        self
    }

    const fn up_to(mut self, more: usize) -> Self {
        self.max = self.min + more;
        self
    }

    const fn or_more(mut self) -> Self {
        self.max = usize::MAX;
        self
    }
}

static FUNCTIONS: LazyLock<HashMap<(&str, Style), Vec<&Function>>> = LazyLock::new(|| {
    let tables: [&'static [Function]; 9] = [
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
    let mut functions: HashMap<_, Vec<_>> = HashMap::new();
    for function in tables.into_iter().flatten() {
        functions
            .entry((function.name, function.style))
            .or_default()
            .push(function);
    }
    functions
});

/// Whether there is a function of this name, with whatever number of arguments.
pub(crate) fn exists(name: &str, style: Style) -> bool {
    FUNCTIONS.contains_key(&(name, style))
}

/// The function of this name that takes so many arguments, the receiver included.
pub(crate) fn find(name: &str, style: Style, arguments: usize) -> Option<&'static Function> {
    let overloads = FUNCTIONS.get(&(name, style))?;
    overloads
        .iter()
        .find(|known| (known.min..=known.max).contains(&arguments))
        .copied()
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

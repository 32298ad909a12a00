//! What a call means: a macro, a field in disguise, or a function.

use std::borrow::Cow;
use std::sync::Arc;

use super::node::LoopKind;
use crate::environment::Environment;
use crate::error::{Error, Position};
use crate::library::Style;
use crate::syntax::{Expr, Kind, split_root};
use crate::value::Type;

pub(crate) enum Meaning<'a> {
    /// `has(operand.field)`.
    Has {
        operand: &'a Expr,
        field: &'a Arc<str>,
    },
    /// `cel.bind(variable, value, body)`.
    Bind {
        variable: Arc<str>,
        value: &'a Expr,
        body: &'a Expr,
    },
    /// `target.optMap(variable, body)` and, `flat`, `optFlatMap`.
    OptionalMap {
        target: &'a Expr,
        variable: Arc<str>,
        body: &'a Expr,
        flat: bool,
    },
    Loop(Shape<'a>),
    /// A method that stands for `object.field` or, with a key, `object.field[?key]`.
    Field {
        object: Arc<str>,
        field: Arc<str>,
        key: Option<&'a Expr>,
    },
    /// A function; the receiver of a method is its first argument.
    Function {
        name: Cow<'a, str>,
        style: Style,
        receiver: Option<&'a Expr>,
    },
}

/// A loop as written: its range, its variables and its one or two expressions.
pub(crate) struct Shape<'a> {
    pub(crate) kind: LoopKind,
    pub(crate) range: &'a Expr,
    pub(crate) variables: Vec<Arc<str>>,
    pub(crate) filter: Option<&'a Expr>,
    pub(crate) body: &'a Expr,
}

/// Where a call stands.
pub(crate) struct Place<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) source: &'a str,
}

impl Place<'_> {
    /// What `target.name(arguments)` means where `local` says which names are loop variables.
    ///
    /// # Errors
    /// [`Error::Syntax`] where a macro is not written as it must be, [`Error::Undeclared`] where there is no
    /// such function.
    pub(crate) fn meaning<'e>(
        &self,
        call: &'e Expr,
        local: impl Fn(&str) -> bool,
    ) -> Result<Meaning<'e>, Error> {
        let Kind::Call {
            target,
            name,
            arguments,
        } = &call.kind
        else {
            return Err(self.error(call.at, "not a call"));
        };
        let target = target.as_deref();
        if let Some(field) = self.field(target, name, arguments) {
            return Ok(field);
        }
        if let Some(meaning) = self.expand(target, name, arguments)? {
            return Ok(meaning);
        }
        if let Some(space) = target.and_then(dotted)
            && !local(&space)
        {
            let qualified = format!("{space}.{name}");
            if self.exists(&qualified, Style::Global) {
                return Ok(Meaning::Function {
                    name: qualified.into(),
                    style: Style::Global,
                    receiver: None,
                });
            }
        }
        let style = if target.is_some() {
            Style::Member
        } else {
            Style::Global
        };
        if !self.exists(name, style) {
            return Err(Error::Undeclared {
                at: Position::over(self.source, call.mark()),
                name: name.to_string(),
            });
        }
        Ok(Meaning::Function {
            name: Cow::Borrowed(name),
            style,
            receiver: target,
        })
    }

    pub(crate) fn error(&self, at: usize, message: impl Into<String>) -> Error {
        Error::Syntax {
            at: Position::of(self.source, at),
            message: message.into(),
        }
    }

    fn exists(&self, name: &str, style: Style) -> bool {
        self.environment.builtins().exists(name, style)
            || style == Style::Global && self.environment.custom(name).is_some()
    }

    /// The type that `operand.field` names, where `local` says which names are loop variables.
    pub(crate) fn type_named(
        &self,
        operand: &Expr,
        field: &str,
        local: impl Fn(&str) -> bool,
    ) -> Option<Type> {
        let space = dotted(operand)?;
        let (absolute, space) = split_root(&space);
        let first = space.split('.').next().unwrap_or_default();
        let named = self
            .environment
            .builtins()
            .type_named(&format!("{space}.{field}"))?;
        (absolute || !local(first)).then_some(named)
    }

    /// Methods that stand for a field of some variable.
    fn field<'e>(
        &self,
        target: Option<&'e Expr>,
        name: &str,
        arguments: &'e [Expr],
    ) -> Option<Meaning<'e>> {
        let Kind::Name(receiver) = &target?.kind else {
            return None;
        };
        let (object, field) = self.environment.rewrite(receiver, name, arguments.len())?;
        Some(Meaning::Field {
            object,
            field,
            key: arguments.first(),
        })
    }

    fn expand<'e>(
        &self,
        target: Option<&'e Expr>,
        name: &str,
        arguments: &'e [Expr],
    ) -> Result<Option<Meaning<'e>>, Error> {
        let Some(target) = target else {
            return match (name, arguments) {
                ("has", [argument]) => self.has(argument).map(Some),
                _ => Ok(None),
            };
        };
        match (name, arguments) {
            (flat @ ("optMap" | "optFlatMap"), [variable, body]) => {
                Ok(Some(Meaning::OptionalMap {
                    target,
                    variable: self.variable(variable)?,
                    body,
                    flat: flat == "optFlatMap",
                }))
            }
            ("bind", [variable, value, body])
                if self.environment.binds() && dotted(target).as_deref() == Some("cel") =>
            {
                Ok(Some(Meaning::Bind {
                    variable: self.variable(variable)?,
                    value,
                    body,
                }))
            }
            _ => Ok(self.shape(target, name, arguments)?.map(Meaning::Loop)),
        }
    }

    fn has<'e>(&self, argument: &'e Expr) -> Result<Meaning<'e>, Error> {
        match &argument.kind {
            Kind::Select { operand, field, .. } => Ok(Meaning::Has { operand, field }),
            _ => Err(self.error(argument.at, "invalid argument to has() macro")),
        }
    }

    fn shape<'e>(
        &self,
        range: &'e Expr,
        name: &str,
        arguments: &'e [Expr],
    ) -> Result<Option<Shape<'e>>, Error> {
        use LoopKind::{All, Entries, Exists, ExistsOne, Keep, List, Map, Sort};
        let (kind, count) = match (name, arguments.len()) {
            ("all", count @ (2 | 3)) => (All, count - 1),
            ("exists", count @ (2 | 3)) => (Exists, count - 1),
            ("exists_one" | "existsOne", count @ (2 | 3)) => (ExistsOne, count - 1),
            ("filter", 2) => (Keep, 1),
            ("map", 2 | 3) => (List, 1),
            ("transformList", 3 | 4) => (List, 2),
            ("transformMap", 3 | 4) => (Map, 2),
            ("transformMapEntry", 3 | 4) => (Entries, 2),
            ("sortBy", 2) => (Sort, 1),
            _ => return Ok(None),
        };
        let Some((variables, rest)) = arguments.split_at_checked(count) else {
            return Ok(None);
        };
        let (filter, body) = match rest {
            [body] => (None, body),
            [filter, body] => (Some(filter), body),
            _ => return Ok(None),
        };
        let names: Vec<_> = variables
            .iter()
            .map(|variable| self.variable(variable))
            .collect::<Result<_, _>>()?;
        if let ([first, second], [_, at]) = (&*names, variables)
            && first == second
        {
            return Err(self.error(at.at, "loop variables must differ"));
        }
        Ok(Some(Shape {
            kind,
            range,
            variables: names,
            filter,
            body,
        }))
    }

    fn variable(&self, expr: &Expr) -> Result<Arc<str>, Error> {
        match &expr.kind {
            Kind::Name(name) if &**name == "__result__" => Err(self.error(
                expr.at,
                "iteration variable overwrites accumulator variable",
            )),
            Kind::Name(name) => Ok(name.clone()),
            _ => Err(self.error(expr.at, "argument must be a simple name")),
        }
    }
}

/// `a.b.c` as text, if the tree is that and no more.
fn dotted(expr: &Expr) -> Option<String> {
    match &expr.kind {
        Kind::Name(name) => Some(name.to_string()),
        Kind::Select {
            operand,
            field,
            optional: false,
        } => Some(format!("{}.{field}", dotted(operand)?)),
        _ => None,
    }
}

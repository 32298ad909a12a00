//! Calls that bind names or look at the form of their arguments.

use std::sync::Arc;

use super::lower::{Lower, Typed, key};
use super::node::{Loop, LoopKind, Node};
use crate::error::Error;
use crate::syntax::{Expr, Kind};
use crate::value::Type;

/// Expands a call that is a macro. `None` means it is an ordinary call.
pub(super) fn expand(
    lower: &mut Lower<'_>,
    target: Option<&Expr>,
    name: &str,
    arguments: &[Expr],
    at: usize,
) -> Result<Option<Typed>, Error> {
    let Some(target) = target else {
        return match (name, arguments) {
            ("has", [argument]) => has(lower, argument).map(Some),
            _ => Ok(None),
        };
    };
    if let (flat @ ("optMap" | "optFlatMap"), [variable, body]) = (name, arguments) {
        let variable = simple_name(lower, variable)?;
        let target = Box::new(lower.node(target)?);
        let slot = lower.push(variable);
        let body = Box::new(lower.node(body)?);
        lower.pop(1);
        let flat = flat == "optFlatMap";
        return Ok(Some((
            Node::OptionalMap {
                target,
                slot,
                body,
                flat,
            },
            Some(Type::Optional),
        )));
    }
    let Some(shape) = shape(name, arguments) else {
        return Ok(None);
    };
    comprehension(lower, target, &shape, at).map(Some)
}

fn has(lower: &mut Lower<'_>, argument: &Expr) -> Result<Typed, Error> {
    match &argument.kind {
        Kind::Select { operand, field, .. } => {
            let operand = Box::new(lower.node(operand)?);
            Ok((Node::Has(operand, key(field)), Some(Type::Bool)))
        }
        _ => Err(lower.error(argument.at, "invalid argument to has() macro")),
    }
}

/// A loop as written: its variables and its one or two expressions.
struct Shape<'a> {
    kind: LoopKind,
    variables: &'a [Expr],
    filter: Option<&'a Expr>,
    body: &'a Expr,
}

fn shape<'a>(name: &str, arguments: &'a [Expr]) -> Option<Shape<'a>> {
    use LoopKind::{All, Entries, Exists, ExistsOne, Keep, List, Map, Sort};
    let (kind, variables) = match (name, arguments.len()) {
        ("all", count @ (2 | 3)) => (All, count - 1),
        ("exists", count @ (2 | 3)) => (Exists, count - 1),
        ("exists_one", 2) | ("existsOne", 2) => (ExistsOne, 1),
        ("existsOne", 3) => (ExistsOne, 2),
        ("filter", 2) => (Keep, 1),
        ("map", 2 | 3) => (List, 1),
        ("transformList", 3 | 4) => (List, 2),
        ("transformMap", 3 | 4) => (Map, 2),
        ("transformMapEntry", 3 | 4) => (Entries, 2),
        ("sortBy", 2) => (Sort, 1),
        _ => return None,
    };
    let (variables, rest) = arguments.split_at_checked(variables)?;
    let (filter, body) = match rest {
        [body] => (None, body),
        [filter, body] => (Some(filter), body),
        _ => return None,
    };
    Some(Shape {
        kind,
        variables,
        filter,
        body,
    })
}

fn comprehension(
    lower: &mut Lower<'_>,
    target: &Expr,
    shape: &Shape<'_>,
    at: usize,
) -> Result<Typed, Error> {
    let names = shape
        .variables
        .iter()
        .map(|variable| simple_name(lower, variable))
        .collect::<Result<Vec<_>, _>>()?;
    if let [first, second] = &*names
        && first == second
    {
        return Err(lower.error(at, "loop variables must differ"));
    }
    let range = lower.node(target)?;
    let slots: Vec<usize> = names.iter().map(|name| lower.push(name.clone())).collect();
    let filter = shape.filter.map(|filter| lower.node(filter)).transpose()?;
    let body = lower.node(shape.body)?;
    lower.pop(slots.len());
    let first = slots.first().copied().unwrap_or_default();
    let second = slots.get(1).copied();
    let kind = shape.kind;
    let result = match kind {
        LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => Type::Bool,
        LoopKind::Keep | LoopKind::List | LoopKind::Sort => Type::List,
        LoopKind::Map | LoopKind::Entries => Type::Map,
    };
    let node = Node::Loop(Box::new(Loop {
        kind,
        range,
        first,
        second,
        filter,
        body,
    }));
    Ok((node, Some(result)))
}

fn simple_name(lower: &Lower<'_>, expr: &Expr) -> Result<Arc<str>, Error> {
    match &expr.kind {
        Kind::Name(name) => Ok(name.clone()),
        _ => Err(lower.error(expr.at, "argument must be a simple name")),
    }
}

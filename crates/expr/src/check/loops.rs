//! Loops and `optMap`, checked as what they stand for.

use std::sync::Arc;

use super::{Checker, StaticType};
use crate::program::{LoopKind, Shape};
use crate::syntax::Expr;

impl Checker<'_> {
    pub(super) fn pass(&mut self, shape: &Shape<'_>) -> StaticType {
        let range = self.expr(shape.range);
        let range = self.unifier.resolve(&range);
        let (key, value) = self.entries(&range, shape.range);
        let variables = match &*shape.variables {
            [first, second] => vec![
                (first.clone(), key.clone()),
                (second.clone(), value.clone()),
            ],
            names => names
                .iter()
                .map(|name| (name.clone(), item(&range, &key, &value)))
                .collect(),
        };
        let body = self.within(variables, |inner| {
            if let Some(filter) = shape.filter {
                inner.condition("_?_:_", filter);
            }
            match shape.kind {
                LoopKind::All => inner.condition("_&&_", shape.body),
                LoopKind::Exists => inner.condition("_||_", shape.body),
                LoopKind::ExistsOne | LoopKind::Keep => inner.condition("_?_:_", shape.body),
                _ => inner.expr(shape.body),
            }
        });
        match shape.kind {
            LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => StaticType::Bool,
            LoopKind::Keep => StaticType::list(item(&range, &key, &value)),
            LoopKind::List => StaticType::list(body),
            LoopKind::Map => StaticType::map(key, body),
            LoopKind::Entries => self.entry(body, shape.body),
            LoopKind::Sort => self.sorted(&range, body, shape),
        }
    }

    /// Key and value of what a loop runs over; the keys of a list are its indexes.
    fn entries(&mut self, range: &StaticType, expr: &Expr) -> (StaticType, StaticType) {
        match range {
            StaticType::List(item) => (StaticType::Int, StaticType::clone(item)),
            StaticType::Map(entry) => (entry.0.clone(), entry.1.clone()),
            StaticType::Dyn => (StaticType::Dyn, StaticType::Dyn),
            StaticType::Variable(_) => {
                self.unifier.assign(&StaticType::Dyn, range);
                (StaticType::Dyn, StaticType::Dyn)
            }
            other => {
                let message = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.mismatch(expr.mark(), message);
                (StaticType::Dyn, StaticType::Dyn)
            }
        }
    }

    /// An expression that must give a boolean, as an operand of this operator.
    fn condition(&mut self, operator: &str, expr: &Expr) -> StaticType {
        let found = self.expr(expr);
        if !self.unifier.assign(&found, &StaticType::Bool) {
            let found = self.unifier.settle(&found);
            let message = match operator {
                "_?_:_" => format!("expected type 'bool' but found '{found}'"),
                _ => format!(
                    "found no matching overload for '{operator}' applied to '(bool, {found})'"
                ),
            };
            self.mismatch(expr.mark(), message);
        }
        StaticType::Bool
    }

    /// What `transformMapEntry` makes of the maps that its body gives.
    fn entry(&mut self, body: StaticType, expr: &Expr) -> StaticType {
        let any = StaticType::map(self.unifier.fresh(), self.unifier.fresh());
        if self.unifier.assign(&body, &any) {
            return match self.unifier.resolve(&body) {
                map @ StaticType::Map(_) => map,
                _ => StaticType::map(StaticType::Dyn, StaticType::Dyn),
            };
        }
        let found = self.unifier.settle(&body);
        let message = format!("expected a map of new entries but found '{found}'");
        self.mismatch(expr.mark(), message)
    }

    fn sorted(&mut self, range: &StaticType, by: StaticType, shape: &Shape<'_>) -> StaticType {
        let by = self.unifier.resolve(&by);
        let ordered = matches!(
            by,
            StaticType::Dyn
                | StaticType::Variable(_)
                | StaticType::Bool
                | StaticType::Int
                | StaticType::Uint
                | StaticType::Double
                | StaticType::String
                | StaticType::Bytes
                | StaticType::Timestamp
                | StaticType::Duration
        );
        if !ordered {
            let message = format!("values of type '{by}' have no order to sort by");
            return self.mismatch(shape.body.mark(), message);
        }
        match range {
            StaticType::List(_) => range.clone(),
            StaticType::Map(_) => {
                let message = "a map has no order: sort its keys or a list made of it".to_owned();
                self.mismatch(shape.range.mark(), message)
            }
            _ => StaticType::list(StaticType::Dyn),
        }
    }

    pub(super) fn optional_map(
        &mut self,
        target: &Expr,
        variable: Arc<str>,
        body: &Expr,
        flat: bool,
    ) -> StaticType {
        let of = self.expr(target);
        let held = match self.unifier.resolve(&of) {
            StaticType::Optional(held) => StaticType::clone(&held),
            StaticType::Dyn | StaticType::Variable(_) => StaticType::Dyn,
            other => {
                let message =
                    format!("found no matching overload for 'hasValue' applied to '{other}.()'");
                self.mismatch(target.mark(), message)
            }
        };
        let given = self.within(vec![(variable, held)], |inner| inner.expr(body));
        let given = self.unifier.resolve(&given);
        match (flat, given) {
            (false, given) => StaticType::optional(given),
            (true, given @ (StaticType::Optional(_) | StaticType::Dyn)) => given,
            (true, StaticType::Variable(_)) => StaticType::optional(StaticType::Dyn),
            (true, other) => {
                let message = format!("expected type 'optional_type({other})' but found '{other}'");
                self.mismatch(body.mark(), message)
            }
        }
    }
}

/// What a loop with one variable sees: items of a list, keys of a map.
fn item(range: &StaticType, key: &StaticType, value: &StaticType) -> StaticType {
    match range {
        StaticType::Map(_) => key.clone(),
        _ => value.clone(),
    }
}

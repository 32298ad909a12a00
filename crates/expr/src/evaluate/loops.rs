//! Loops over lists and maps.

use std::ops::ControlFlow;

use super::{Machine, distinct, literal_key, no_overload};
use crate::error::Error;
use crate::program::{Loop, LoopKind, Node};
use crate::value::{Map, Value};

impl Machine<'_> {
    /// Runs a loop. Maps are visited in key order.
    pub(super) fn pass(&mut self, pass: &Loop) -> Result<Value, Error> {
        let range = self.value(&pass.range)?;
        match pass.kind {
            LoopKind::All => self.quantify(pass, &range, false),
            LoopKind::Exists => self.quantify(pass, &range, true),
            LoopKind::ExistsOne => self.exists_one(pass, &range),
            LoopKind::Keep => self.keep(pass, &range),
            LoopKind::List => self.collect(pass, &range),
            LoopKind::Map => self.transform(pass, &range),
            LoopKind::Entries => self.entries(pass, &range),
            LoopKind::Sort => self.sort(pass, &range),
        }
    }

    /// Binds the variables of each turn and calls `turn`, until it breaks.
    fn visit(
        &mut self,
        pass: &Loop,
        range: &Value,
        mut turn: impl FnMut(&mut Self) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        match range {
            Value::List(items) => {
                for (position, item) in items.iter().enumerate() {
                    self.budget.step()?;
                    if let Some(second) = pass.second {
                        self.bind(
                            pass.first,
                            Value::Int(i64::try_from(position).unwrap_or(i64::MAX)),
                        );
                        self.bind(second, item.clone());
                    } else {
                        self.bind(pass.first, item.clone());
                    }
                    if turn(self)?.is_break() {
                        break;
                    }
                }
                Ok(())
            }
            Value::Map(map) => {
                for (key, value) in map.iter() {
                    self.budget.step()?;
                    self.bind(pass.first, key.to_value());
                    if let Some(second) = pass.second {
                        self.bind(second, value.clone());
                    }
                    if turn(self)?.is_break() {
                        break;
                    }
                }
                Ok(())
            }
            other => Err(no_overload("comprehension", &[other])),
        }
    }

    fn truth(&mut self, node: &Node) -> Result<bool, Error> {
        match self.value(node)? {
            Value::Bool(truth) => Ok(truth),
            other => Err(no_overload("condition", &[&other])),
        }
    }

    fn kept(&mut self, filter: Option<&Node>) -> Result<bool, Error> {
        filter.map_or(Ok(true), |filter| self.truth(filter))
    }

    /// `exists` where `decisive` is true, `all` where it is false.
    fn quantify(&mut self, pass: &Loop, range: &Value, decisive: bool) -> Result<Value, Error> {
        let mut failure = None;
        let mut decided = false;
        self.visit(pass, range, |machine| match machine.truth(&pass.body) {
            Ok(truth) if truth == decisive => {
                decided = true;
                Ok(ControlFlow::Break(()))
            }
            Ok(_) => Ok(ControlFlow::Continue(())),
            Err(error) if error.is_limit() => Err(error),
            Err(error) => {
                failure.get_or_insert(error);
                Ok(ControlFlow::Continue(()))
            }
        })?;
        match failure {
            _ if decided => Ok(Value::Bool(decisive)),
            Some(error) => Err(error),
            None => Ok(Value::Bool(!decisive)),
        }
    }

    fn exists_one(&mut self, pass: &Loop, range: &Value) -> Result<Value, Error> {
        let mut count = 0_usize;
        self.visit(pass, range, |machine| {
            count += usize::from(machine.truth(&pass.body)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Value::Bool(count == 1))
    }

    fn keep(&mut self, pass: &Loop, range: &Value) -> Result<Value, Error> {
        let mut kept = Vec::new();
        self.visit(pass, range, |machine| {
            // The body may not reuse its own slot, so the item is still there after it.
            if machine.truth(&pass.body)? {
                machine.budget.slots(1)?;
                kept.extend(machine.locals.get(pass.first).cloned());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Value::list(kept))
    }

    fn collect(&mut self, pass: &Loop, range: &Value) -> Result<Value, Error> {
        let mut items = Vec::new();
        self.visit(pass, range, |machine| {
            if machine.kept(pass.filter.as_ref())? {
                machine.budget.slots(1)?;
                items.push(machine.value(&pass.body)?);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Value::list(items))
    }

    fn transform(&mut self, pass: &Loop, range: &Value) -> Result<Value, Error> {
        let mut entries = Vec::new();
        self.visit(pass, range, |machine| {
            if machine.kept(pass.filter.as_ref())? {
                machine.budget.slots(1)?;
                let key = literal_key(machine.locals.get(pass.first).unwrap_or(&Value::Null))?;
                entries.push((key, machine.value(&pass.body)?));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Value::map(Map::from_entries(entries)))
    }

    fn entries(&mut self, pass: &Loop, range: &Value) -> Result<Value, Error> {
        let mut all = Vec::new();
        self.visit(pass, range, |machine| {
            if !machine.kept(pass.filter.as_ref())? {
                return Ok(ControlFlow::Continue(()));
            }
            let Value::Map(entries) = machine.value(&pass.body)? else {
                return Err(Error::argument("transformMapEntry must give a map"));
            };
            machine.budget.slots(entries.len())?;
            all.extend(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone())),
            );
            Ok(ControlFlow::Continue(()))
        })?;
        distinct(all)
    }

    fn sort(&mut self, pass: &Loop, range: &Value) -> Result<Value, Error> {
        let mut pairs: Vec<(Value, Value)> = Vec::new();
        if !matches!(range, Value::List(_)) {
            return Err(no_overload("sortBy", &[range]));
        }
        self.visit(pass, range, |machine| {
            machine.budget.slots(2)?;
            let item = machine
                .locals
                .get(pass.first)
                .cloned()
                .unwrap_or(Value::Null);
            pairs.push((machine.value(&pass.body)?, item));
            Ok(ControlFlow::Continue(()))
        })?;
        crate::library::sortable(pairs.iter().map(|(key, _)| key))?;
        pairs.sort_by(|(left, _), (right, _)| left.sort_order(right));
        Ok(Value::list(
            pairs.into_iter().map(|(_, item)| item).collect(),
        ))
    }
}

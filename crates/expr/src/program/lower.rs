//! The tree to what is evaluated: names become slots, macros and methods what they stand for.
//!
//! It runs after the check, which has found every problem of the text.

use std::sync::Arc;

use super::Reference;
use super::call::{Meaning, Place, Shape};
use super::node::{Arithmetic, Callee, Comparison, Loop, Node, Root};
use crate::check::Chosen;
use crate::environment::Environment;
use crate::error::{Error, Position};
use crate::library::Style;
use crate::syntax::{Chain, Entry, Expr, Item, Kind, Operator, split_root};
use crate::value::{Key, Type, Value};

pub(super) struct Lowered {
    pub(super) root: Node,
    pub(super) references: Vec<Reference>,
    pub(super) slots: usize,
}

pub(super) fn lower(
    environment: &Environment,
    source: &str,
    tree: &Expr,
    chosen: Chosen,
) -> Result<Lowered, Error> {
    let mut lower = Lower {
        place: Place {
            environment,
            source,
        },
        chosen,
        references: Vec::new(),
        scope: Vec::new(),
        slots: 0,
    };
    let root = lower.expr(tree)?;
    Ok(Lowered {
        root,
        references: lower.references,
        slots: lower.slots,
    })
}

struct Lower<'a> {
    place: Place<'a>,
    chosen: Chosen,
    references: Vec<Reference>,
    /// Loop variables from the outermost in; the index is the slot.
    scope: Vec<Arc<str>>,
    slots: usize,
}

impl Lower<'_> {
    /// Brings a loop variable into scope and gives its slot.
    fn push(&mut self, name: Arc<str>) -> usize {
        self.scope.push(name);
        self.slots = self.slots.max(self.scope.len());
        self.scope.len() - 1
    }

    fn pop(&mut self, count: usize) {
        self.scope.truncate(self.scope.len().saturating_sub(count));
    }

    fn boxed(&mut self, expr: &Expr) -> Result<Box<Node>, Error> {
        self.expr(expr).map(Box::new)
    }

    /// Delegates at once: this frame is on the stack at every level.
    fn expr(&mut self, expr: &Expr) -> Result<Node, Error> {
        match &expr.kind {
            Kind::Literal(value) => Ok(Node::Constant(value.clone())),
            Kind::Name(name) => Ok(self.name(name, expr)),
            Kind::Select {
                operand,
                field,
                optional: false,
            } => self.select(operand, field),
            Kind::Select {
                operand,
                field,
                optional: true,
            } => Ok(Node::OptionalSelect(self.boxed(operand)?, key(field))),
            Kind::Index {
                operand,
                index,
                optional,
            } => self.index(operand, index, *optional),
            Kind::Call { arguments, .. } => self.call(expr, arguments),
            Kind::List(items) => self.list(items),
            Kind::Map(entries) => self.map(entries),
            Kind::Not(operand) => Ok(Node::Not(self.boxed(operand)?)),
            Kind::Negate(operand) => Ok(Node::Negate(self.boxed(operand)?)),
            Kind::Chain(chain, operands) => self.chain(*chain, operands),
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right),
            Kind::Conditional(parts) => self.conditional(parts),
        }
    }

    fn index(&mut self, operand: &Expr, index: &Expr, optional: bool) -> Result<Node, Error> {
        let (operand, index) = (self.boxed(operand)?, self.boxed(index)?);
        Ok(if optional {
            Node::OptionalIndex(operand, index)
        } else {
            Node::Index(operand, index)
        })
    }

    fn list(&mut self, items: &[Item]) -> Result<Node, Error> {
        let items = items
            .iter()
            .map(|item| Ok((self.expr(&item.value)?, item.optional)));
        items.collect::<Result<_, _>>().map(Node::List)
    }

    fn map(&mut self, entries: &[Entry]) -> Result<Node, Error> {
        let entries = entries.iter().map(|entry| {
            let key = self.expr(&entry.key)?;
            Ok((key, self.expr(&entry.value)?, entry.optional))
        });
        entries.collect::<Result<_, _>>().map(Node::Map)
    }

    fn name(&mut self, name: &str, expr: &Expr) -> Node {
        let (absolute, name) = split_root(name);
        let local = self.scope.iter().rposition(|local| **local == *name);
        if let Some(slot) = local.filter(|_| !absolute) {
            return Node::Path(Root::Local(slot), Vec::new());
        }
        let kind = Type::parse(name);
        let index = self.reference(name, expr, kind.is_some());
        match kind {
            Some(kind) => Node::TypeName(index, kind),
            None => Node::Path(Root::Global(index), Vec::new()),
        }
    }

    fn reference(&mut self, name: &str, expr: &Expr, is_type: bool) -> usize {
        let known = self
            .references
            .iter()
            .position(|reference| *reference.name == *name);
        known.unwrap_or_else(|| {
            self.references.push(Reference {
                name: name.into(),
                at: Position::over(self.place.source, expr.mark()),
                is_type,
            });
            self.references.len() - 1
        })
    }

    fn select(&mut self, operand: &Expr, field: &Arc<str>) -> Result<Node, Error> {
        let local = |name: &str| self.scope.iter().any(|local| **local == *name);
        if let Some(kind) = self.place.type_named(operand, field, local) {
            return Ok(Node::Constant(Value::Type(kind)));
        }
        Ok(match self.expr(operand)? {
            Node::Path(root, mut path) => {
                path.push(key(field));
                Node::Path(root, path)
            }
            operand => Node::Select(Box::new(operand), key(field)),
        })
    }

    fn chain(&mut self, chain: Chain, operands: &[Expr]) -> Result<Node, Error> {
        let operands = operands.iter().map(|operand| self.expr(operand));
        let operands = operands.collect::<Result<_, _>>()?;
        Ok(match chain {
            Chain::Add => Node::Sum(operands),
            Chain::Or => Node::Or(operands),
            Chain::And => Node::And(operands),
        })
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr) -> Result<Node, Error> {
        let (left, right) = (self.boxed(left)?, self.boxed(right)?);
        Ok(match operator {
            Operator::Equal => Node::Equal(left, right),
            Operator::NotEqual => Node::NotEqual(left, right),
            Operator::Less => Node::Compare(Comparison::Less, left, right),
            Operator::LessOrEqual => Node::Compare(Comparison::LessOrEqual, left, right),
            Operator::Greater => Node::Compare(Comparison::Greater, left, right),
            Operator::GreaterOrEqual => Node::Compare(Comparison::GreaterOrEqual, left, right),
            Operator::In => Node::In(left, right),
            Operator::Subtract => Node::Arithmetic(Arithmetic::Subtract, left, right),
            Operator::Multiply => Node::Arithmetic(Arithmetic::Multiply, left, right),
            Operator::Divide => Node::Arithmetic(Arithmetic::Divide, left, right),
            Operator::Remainder => Node::Arithmetic(Arithmetic::Remainder, left, right),
        })
    }

    fn conditional(&mut self, parts: &[Expr; 3]) -> Result<Node, Error> {
        let [condition, yes, no] = parts;
        let parts = [self.expr(condition)?, self.expr(yes)?, self.expr(no)?];
        Ok(Node::Conditional(Box::new(parts)))
    }

    fn call(&mut self, call: &Expr, arguments: &[Expr]) -> Result<Node, Error> {
        let scope = &self.scope;
        let local = |name: &str| scope.iter().any(|local| **local == *name);
        match self.place.meaning(call, local)? {
            Meaning::Has { operand, field } => Ok(Node::Has(self.boxed(operand)?, key(field))),
            Meaning::Bind {
                variable,
                value,
                body,
            } => {
                let value = self.boxed(value)?;
                let slot = self.push(variable);
                let body = self.boxed(body)?;
                self.pop(1);
                Ok(Node::Bind { slot, value, body })
            }
            Meaning::OptionalMap {
                target,
                variable,
                body,
                flat,
            } => {
                let target = self.boxed(target)?;
                let slot = self.push(variable);
                let body = self.boxed(body)?;
                self.pop(1);
                Ok(Node::OptionalMap {
                    target,
                    slot,
                    body,
                    flat,
                })
            }
            Meaning::Loop(shape) => self.pass(&shape),
            Meaning::Field {
                object,
                field,
                key: argument,
            } => {
                let index = self.reference(&object, call, false);
                let path = Node::Path(Root::Global(index), vec![Key::String(field)]);
                match argument {
                    Some(argument) => {
                        let argument = self.boxed(argument)?;
                        Ok(Node::OptionalIndex(Box::new(path), argument))
                    }
                    None => Ok(path),
                }
            }
            Meaning::Function {
                name,
                style,
                receiver,
            } => {
                let arguments = receiver.into_iter().chain(arguments);
                let arguments = arguments.map(|argument| self.expr(argument));
                let arguments: Vec<_> = arguments.collect::<Result<_, _>>()?;
                let arguments = match (&*name, <[Node; 2]>::try_from(arguments)) {
                    ("orValue", Ok(parts)) if style == Style::Member => {
                        return Ok(Node::OrValue(Box::new(parts)));
                    }
                    ("or", Ok(parts)) if style == Style::Member => {
                        return Ok(Node::OrOptional(Box::new(parts)));
                    }
                    (_, Ok(parts)) => Vec::from(parts),
                    (_, Err(arguments)) => arguments,
                };
                self.callee(&name, style, arguments.len(), call)
                    .map(|callee| Node::Call(callee, arguments))
            }
        }
    }

    fn callee(&self, name: &str, style: Style, count: usize, call: &Expr) -> Result<Callee, Error> {
        if style == Style::Global
            && let Some(custom) = self.place.environment.custom(name)
        {
            return Ok(Callee::Custom(custom));
        }
        let builtins = self.place.environment.builtins();
        let chosen = self.chosen.get(&call.at).copied();
        chosen
            .or_else(|| builtins.find(name, style, count))
            .map(Callee::Library)
            .ok_or_else(|| {
                self.place
                    .error(call.at, format!("no such function: {name}"))
            })
    }

    fn pass(&mut self, shape: &Shape<'_>) -> Result<Node, Error> {
        let range = self.expr(shape.range)?;
        let slots: Vec<usize> = shape
            .variables
            .iter()
            .map(|name| self.push(name.clone()))
            .collect();
        let filter = shape.filter.map(|filter| self.expr(filter)).transpose()?;
        let body = self.expr(shape.body)?;
        self.pop(slots.len());
        Ok(Node::Loop(Box::new(Loop {
            kind: shape.kind,
            range,
            first: slots.first().copied().unwrap_or_default(),
            second: slots.get(1).copied(),
            filter,
            body,
        })))
    }
}

fn key(name: &Arc<str>) -> Key {
    Key::String(name.clone())
}

//! Syntax tree to program: resolves names to slots, finds functions, and refuses what cannot be
//! right whatever the values are.

use std::sync::Arc;

use super::node::{Arithmetic, Callee, Comparison, Node, Root};
use super::{Reference, macros, overload};
use crate::environment::{Environment, Rewrite};
use crate::error::{Error, Position};
use crate::library::{self, Style};
use crate::syntax::{Chain, Entry, Expr, Item, Kind, Operator};
use crate::value::{Key, Type, Value};

pub(super) struct Lowered {
    pub(super) root: Node,
    pub(super) references: Vec<Reference>,
    pub(super) slots: usize,
    pub(super) result: Option<Type>,
}

pub(super) fn lower(
    environment: &Environment,
    source: &str,
    tree: &Expr,
) -> Result<Lowered, Error> {
    let mut lower = Lower {
        environment,
        source,
        references: Vec::new(),
        scope: Vec::new(),
        slots: 0,
    };
    let (root, result) = lower.expr(tree)?;
    Ok(Lowered {
        root,
        references: lower.references,
        slots: lower.slots,
        result,
    })
}

/// A node, and the type of its value where the text alone tells it.
pub(super) type Typed = (Node, Option<Type>);

pub(super) struct Lower<'a> {
    environment: &'a Environment,
    source: &'a str,
    references: Vec<Reference>,
    /// Loop variables from the outermost in; the index is the slot.
    scope: Vec<Arc<str>>,
    slots: usize,
}

impl Lower<'_> {
    pub(super) fn error(&self, at: usize, message: impl Into<String>) -> Error {
        Error::Syntax {
            at: Position::of(self.source, at),
            message: message.into(),
        }
    }

    fn mismatch(&self, at: usize, function: &str, operands: &[Option<Type>]) -> Error {
        let operands: Vec<_> = operands
            .iter()
            .map(|kind| kind.map_or("dyn", Type::name))
            .collect();
        Error::Type {
            at: Position::of(self.source, at),
            function: function.to_owned(),
            operands: operands.join(", "),
        }
    }

    fn undeclared(&self, at: usize, name: &str) -> Error {
        Error::Undeclared {
            at: Position::of(self.source, at),
            name: name.to_owned(),
        }
    }

    /// Brings a loop variable into scope and gives its slot.
    pub(super) fn push(&mut self, name: Arc<str>) -> usize {
        self.scope.push(name);
        self.slots = self.slots.max(self.scope.len());
        self.scope.len() - 1
    }

    pub(super) fn pop(&mut self, count: usize) {
        self.scope.truncate(self.scope.len().saturating_sub(count));
    }

    pub(super) fn node(&mut self, expr: &Expr) -> Result<Node, Error> {
        self.expr(expr).map(|(node, _)| node)
    }

    /// Delegates at once: this frame is on the stack at every level.
    pub(super) fn expr(&mut self, expr: &Expr) -> Result<Typed, Error> {
        let at = expr.at;
        match &expr.kind {
            Kind::Literal(value) => Ok((Node::Constant(value.clone()), Some(value.type_of()))),
            Kind::Name(name) => Ok(self.name(name, at)),
            Kind::Select {
                operand,
                field,
                optional: false,
            } => self.select(operand, field),
            Kind::Select {
                operand,
                field,
                optional: true,
            } => self.optional_select(operand, field),
            Kind::Index {
                operand,
                index,
                optional,
            } => self.index(operand, index, *optional),
            Kind::Call {
                target,
                name,
                arguments,
            } => self.call(target.as_deref(), name, arguments, at),
            Kind::List(items) => self.list(items),
            Kind::Map(entries) => self.map(entries),
            Kind::Not(operand) => self.not(operand, at),
            Kind::Negate(operand) => self.negate(operand, at),
            Kind::Chain(chain, operands) => self.chain(*chain, operands, at),
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right, at),
            Kind::Conditional(parts) => self.conditional(parts),
        }
    }

    fn optional_select(&mut self, operand: &Expr, field: &Arc<str>) -> Result<Typed, Error> {
        let operand = Box::new(self.node(operand)?);
        Ok((
            Node::OptionalSelect(operand, key(field)),
            Some(Type::Optional),
        ))
    }

    fn index(&mut self, operand: &Expr, index: &Expr, optional: bool) -> Result<Typed, Error> {
        let (operand, index) = (Box::new(self.node(operand)?), Box::new(self.node(index)?));
        Ok(if optional {
            (Node::OptionalIndex(operand, index), Some(Type::Optional))
        } else {
            (Node::Index(operand, index), None)
        })
    }

    fn list(&mut self, items: &[Item]) -> Result<Typed, Error> {
        let mut nodes = Vec::with_capacity(items.len());
        for item in items {
            nodes.push((self.node(&item.value)?, item.optional));
        }
        Ok((Node::List(nodes), Some(Type::List)))
    }

    fn map(&mut self, entries: &[Entry]) -> Result<Typed, Error> {
        let mut nodes = Vec::with_capacity(entries.len());
        for entry in entries {
            nodes.push((
                self.node(&entry.key)?,
                self.node(&entry.value)?,
                entry.optional,
            ));
        }
        Ok((Node::Map(nodes), Some(Type::Map)))
    }

    fn name(&mut self, name: &Arc<str>, at: usize) -> Typed {
        if let Some(slot) = self.scope.iter().rposition(|local| local == name) {
            return (Node::Path(Root::Local(slot), Vec::new()), None);
        }
        let kind = Type::parse(name);
        let index = self.reference(name, at, kind.is_some());
        match kind {
            Some(kind) => (Node::TypeName(index, kind), None),
            None => (Node::Path(Root::Global(index), Vec::new()), None),
        }
    }

    fn reference(&mut self, name: &Arc<str>, at: usize, is_type: bool) -> usize {
        let known = self
            .references
            .iter()
            .position(|reference| reference.name == *name);
        known.unwrap_or_else(|| {
            let at = Position::of(self.source, at);
            self.references.push(Reference {
                name: name.clone(),
                at,
                is_type,
            });
            self.references.len() - 1
        })
    }

    fn select(&mut self, operand: &Expr, field: &Arc<str>) -> Result<Typed, Error> {
        if let Some(kind) = dotted(operand).and_then(|name| Type::parse(&format!("{name}.{field}")))
        {
            return Ok((Node::Constant(Value::Type(kind)), Some(Type::Type)));
        }
        Ok(match self.node(operand)? {
            Node::Path(root, mut path) => {
                path.push(key(field));
                (Node::Path(root, path), None)
            }
            operand => (Node::Select(Box::new(operand), key(field)), None),
        })
    }

    fn not(&mut self, operand: &Expr, at: usize) -> Result<Typed, Error> {
        let (node, kind) = self.expr(operand)?;
        if kind.is_some_and(|kind| kind != Type::Bool) {
            return Err(self.mismatch(at, "!_", &[kind]));
        }
        Ok((Node::Not(Box::new(node)), Some(Type::Bool)))
    }

    fn negate(&mut self, operand: &Expr, at: usize) -> Result<Typed, Error> {
        let (node, kind) = self.expr(operand)?;
        if kind.is_some_and(|kind| !matches!(kind, Type::Int | Type::Double | Type::Duration)) {
            return Err(self.mismatch(at, "-_", &[kind]));
        }
        Ok((Node::Negate(Box::new(node)), kind))
    }

    fn chain(&mut self, chain: Chain, operands: &[Expr], at: usize) -> Result<Typed, Error> {
        let mut nodes = Vec::with_capacity(operands.len());
        let mut kinds = Vec::with_capacity(operands.len());
        for operand in operands {
            let (node, kind) = self.expr(operand)?;
            nodes.push(node);
            kinds.push(kind);
        }
        if chain == Chain::Add {
            let mut sum = kinds.first().copied().flatten();
            for kind in kinds.iter().skip(1) {
                sum = overload::binary(Operator::Add, sum, *kind)
                    .map_err(|()| self.mismatch(at, Operator::Add.name(), &[sum, *kind]))?;
            }
            return Ok((Node::Sum(nodes), sum));
        }
        if kinds.iter().flatten().any(|kind| *kind != Type::Bool) {
            let name = if chain == Chain::Or { "_||_" } else { "_&&_" };
            return Err(self.mismatch(at, name, &kinds));
        }
        let node = if chain == Chain::Or {
            Node::Or(nodes)
        } else {
            Node::And(nodes)
        };
        Ok((node, Some(Type::Bool)))
    }

    fn binary(
        &mut self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        at: usize,
    ) -> Result<Typed, Error> {
        let (left, left_type) = self.expr(left)?;
        let (right, right_type) = self.expr(right)?;
        let kind = overload::binary(operator, left_type, right_type)
            .map_err(|()| self.mismatch(at, operator.name(), &[left_type, right_type]))?;
        let (left, right) = (Box::new(left), Box::new(right));
        let node = match operator {
            Operator::Equal => Node::Equal(left, right),
            Operator::NotEqual => Node::NotEqual(left, right),
            Operator::Less => Node::Compare(Comparison::Less, left, right),
            Operator::LessOrEqual => Node::Compare(Comparison::LessOrEqual, left, right),
            Operator::Greater => Node::Compare(Comparison::Greater, left, right),
            Operator::GreaterOrEqual => Node::Compare(Comparison::GreaterOrEqual, left, right),
            Operator::In => Node::In(left, right),
            Operator::Add => Node::Sum(vec![*left, *right]),
            Operator::Subtract => Node::Arithmetic(Arithmetic::Subtract, left, right),
            Operator::Multiply => Node::Arithmetic(Arithmetic::Multiply, left, right),
            Operator::Divide => Node::Arithmetic(Arithmetic::Divide, left, right),
            Operator::Remainder => Node::Arithmetic(Arithmetic::Remainder, left, right),
        };
        Ok((node, kind))
    }

    fn conditional(&mut self, parts: &[Expr; 3]) -> Result<Typed, Error> {
        let [condition, yes, no] = parts;
        let at = condition.at;
        let (condition, kind) = self.expr(condition)?;
        if kind.is_some_and(|kind| kind != Type::Bool) {
            return Err(self.mismatch(at, "_?_:_", &[kind]));
        }
        let (yes, yes_type) = self.expr(yes)?;
        let (no, no_type) = self.expr(no)?;
        let kind = yes_type.filter(|_| yes_type == no_type);
        Ok((Node::Conditional(Box::new([condition, yes, no])), kind))
    }

    fn call(
        &mut self,
        target: Option<&Expr>,
        name: &Arc<str>,
        arguments: &[Expr],
        at: usize,
    ) -> Result<Typed, Error> {
        if let Some(rewritten) = self.rewrite(target, name, arguments, at)? {
            return Ok(rewritten);
        }
        if let Some(expanded) = macros::expand(self, target, name, arguments, at)? {
            return Ok(expanded);
        }
        if let Some(target) = target
            && let Some(space) = dotted(target)
            && !self.scope.iter().any(|local| **local == *space)
        {
            let qualified = format!("{space}.{name}");
            if self.exists(&qualified, Style::Global) {
                return self.resolved(&qualified, Style::Global, None, arguments, at);
            }
        }
        let style = if target.is_some() {
            Style::Member
        } else {
            Style::Global
        };
        self.resolved(name, style, target, arguments, at)
    }

    fn exists(&self, name: &str, style: Style) -> bool {
        library::exists(name, style)
            || style == Style::Global && self.environment.custom(name).is_some()
    }

    fn resolved(
        &mut self,
        name: &str,
        style: Style,
        target: Option<&Expr>,
        arguments: &[Expr],
        at: usize,
    ) -> Result<Typed, Error> {
        if !self.exists(name, style) {
            return Err(self.undeclared(at, name));
        }
        let mut nodes = Vec::with_capacity(arguments.len() + 1);
        let mut kinds = Vec::with_capacity(arguments.len() + 1);
        for argument in target.into_iter().chain(arguments) {
            let (node, kind) = self.expr(argument)?;
            nodes.push(node);
            kinds.push(kind);
        }
        if style == Style::Global
            && let Some(custom) = self.environment.custom(name)
        {
            let signature = custom.signature();
            if let Some(message) = signature.refuses(name, &kinds) {
                return Err(self.error(at, message));
            }
            let result = signature.result;
            return Ok((Node::Call(Callee::Custom(custom), nodes), result));
        }
        if let (Style::Member, "format", [Node::Constant(Value::String(format)), ..]) =
            (style, name, &*nodes)
        {
            library::check_format(format).map_err(|error| self.error(at, error.to_string()))?;
        }
        match library::find(name, style, nodes.len()) {
            Some(function) => Ok((
                Node::Call(Callee::Library(function), nodes),
                function.result,
            )),
            None => Err(self.mismatch(at, name, &kinds)),
        }
    }

    /// Methods that stand for a field of some variable.
    fn rewrite(
        &mut self,
        target: Option<&Expr>,
        name: &Arc<str>,
        arguments: &[Expr],
        at: usize,
    ) -> Result<Option<Typed>, Error> {
        let Some(Kind::Name(receiver)) = target.map(|target| &target.kind) else {
            return Ok(None);
        };
        let Some(rewrite) = self.environment.rewrite(receiver, name, arguments.len()) else {
            return Ok(None);
        };
        let (object, field) = match &rewrite {
            Rewrite::Field { object, field } | Rewrite::OptionalIndex { object, field } => {
                (object.clone(), field.clone())
            }
        };
        let index = self.reference(&object, at, false);
        let path = Node::Path(Root::Global(index), vec![Key::String(field)]);
        Ok(Some(match (rewrite, arguments) {
            (Rewrite::OptionalIndex { .. }, [argument]) => {
                let argument = Box::new(self.node(argument)?);
                (
                    Node::OptionalIndex(Box::new(path), argument),
                    Some(Type::Optional),
                )
            }
            _ => (path, None),
        }))
    }
}

pub(super) fn key(name: &Arc<str>) -> Key {
    Key::String(name.clone())
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

//! The syntax tree.

use std::ops::Range;
use std::sync::Arc;

use crate::value::Value;

/// A node of the tree.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    /// The byte offset that messages name: an operator's, for an operation.
    pub(crate) at: usize,
    /// The bytes from the first to the last token.
    pub(crate) span: Range<usize>,
    /// Levels below and including this one.
    pub(crate) height: usize,
}

impl Expr {
    /// The bytes to point at: an operator alone, a field with its dot, all of anything else.
    pub(crate) fn mark(&self) -> Range<usize> {
        match &self.kind {
            Kind::Chain(Chain::Add, _) => self.at..self.at + 1,
            Kind::Chain(..) => self.at..self.at + 2,
            Kind::Binary(operator, ..) => {
                self.at..self.at + operator.name().trim_matches(['_', '@']).len()
            }
            Kind::Conditional(_) => self.at..self.at + 1,
            Kind::Select { .. } => self.at..self.span.end,
            _ => self.span.clone(),
        }
    }
}

#[derive(Debug)]
pub(crate) enum Kind {
    Literal(Value),
    /// A variable or a type; with a leading dot, one that no loop declares ([`split_root`]).
    Name(Arc<str>),
    /// `operand.field` or, `optional`, `operand.?field`.
    Select {
        operand: Box<Expr>,
        field: Arc<str>,
        optional: bool,
    },
    /// `operand[index]` or, `optional`, `operand[?index]`.
    Index {
        operand: Box<Expr>,
        index: Box<Expr>,
        optional: bool,
    },
    Call {
        target: Option<Box<Expr>>,
        name: Arc<str>,
        arguments: Vec<Expr>,
    },
    List(Vec<Item>),
    Map(Vec<Entry>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    /// Operands of one associative operator, kept flat so that a long chain is not a deep tree.
    Chain(Chain, Vec<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Conditional(Box<[Expr; 3]>),
}

impl Kind {
    /// The child that stands first in the text.
    pub(crate) fn first(&self) -> Option<&Expr> {
        match self {
            Self::Select { operand, .. } | Self::Index { operand, .. } => Some(operand),
            Self::Call { target, .. } => target.as_deref(),
            Self::Chain(_, operands) => operands.first(),
            Self::Binary(_, left, _) => Some(left),
            Self::Conditional(parts) => Some(&parts[0]),
            Self::Literal(_)
            | Self::Name(_)
            | Self::List(_)
            | Self::Map(_)
            | Self::Not(_)
            | Self::Negate(_) => None,
        }
    }
}

/// `value`, or `?value`.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) value: Expr,
    pub(crate) optional: bool,
}

/// `key: value`, or `?key: value`.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: Expr,
    pub(crate) value: Expr,
    pub(crate) optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chain {
    Or,
    And,
    Add,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// The name that messages use.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Equal => "_==_",
            Self::NotEqual => "_!=_",
            Self::Less => "_<_",
            Self::LessOrEqual => "_<=_",
            Self::Greater => "_>_",
            Self::GreaterOrEqual => "_>=_",
            Self::In => "@in",
            Self::Subtract => "_-_",
            Self::Multiply => "_*_",
            Self::Divide => "_/_",
            Self::Remainder => "_%_",
        }
    }
}

/// Whether a name is absolute, and the name itself.
pub(crate) fn split_root(written: &str) -> (bool, &str) {
    match written.strip_prefix('.') {
        Some(name) => (true, name),
        None => (false, written),
    }
}

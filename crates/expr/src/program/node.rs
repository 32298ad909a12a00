//! What is evaluated: the tree with names resolved and macros expanded.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::environment::Custom;
use crate::library::Function;
use crate::value::{Key, Type, Value};

#[derive(Debug)]
pub(crate) enum Node {
    Constant(Value),
    /// A variable, and fields of it read by reference.
    Path(Root, Vec<Key>),
    /// A name that is a type unless a variable of that name is bound.
    TypeName(usize, Type),
    Select(Box<Node>, Key),
    OptionalSelect(Box<Node>, Key),
    Has(Box<Node>, Key),
    Index(Box<Node>, Box<Node>),
    OptionalIndex(Box<Node>, Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    Conditional(Box<[Node; 3]>),
    /// Operands added from the left.
    Sum(Vec<Node>),
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    Equal(Box<Node>, Box<Node>),
    NotEqual(Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    In(Box<Node>, Box<Node>),
    /// Items, and whether each is an optional to be unwrapped.
    List(Vec<(Node, bool)>),
    /// Keys and values, and whether each value is an optional to be unwrapped.
    Map(Vec<(Node, Node, bool)>),
    Call(Callee, Vec<Node>),
    Loop(Box<Loop>),
    /// `cel.bind`.
    Bind {
        slot: usize,
        value: Box<Node>,
        body: Box<Node>,
    },
    /// `optional.orValue(otherwise)`.
    OrValue(Box<[Node; 2]>),
    /// `optional.or(otherwise)`.
    OrOptional(Box<[Node; 2]>),
    /// `optMap` and, when the body is itself optional, `optFlatMap`.
    OptionalMap {
        target: Box<Node>,
        slot: usize,
        body: Box<Node>,
        flat: bool,
    },
}

/// What a path starts at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Root {
    /// Index into the references.
    Global(usize),
    /// Index of a loop variable.
    Local(usize),
}

#[derive(Debug)]
pub(crate) enum Callee {
    Library(&'static Function),
    Custom(Arc<Custom>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(crate) const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// One pass over a list or a map.
#[derive(Debug)]
pub(crate) struct Loop {
    pub(crate) kind: LoopKind,
    pub(crate) range: Node,
    /// The item or key; with a second variable the index or key.
    pub(crate) first: usize,
    /// The item or value, where the loop has two variables.
    pub(crate) second: Option<usize>,
    /// Keeps only those for which it holds.
    pub(crate) filter: Option<Node>,
    pub(crate) body: Node,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoopKind {
    All,
    Exists,
    ExistsOne,
    /// `filter`: the items themselves.
    Keep,
    /// `map` and `transformList`.
    List,
    /// `transformMap`.
    Map,
    /// `transformMapEntry`.
    Entries,
    /// `sortBy`.
    Sort,
}

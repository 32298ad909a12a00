//! What a program reads of its variables, as far as the text alone shows it.
//!
//! A path is as long as its steps are constant: fields, and keys that are written as text. Where a value picks the step,
//! or a function or loop goes on with what was found, the path ends before.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Reference;
use super::node::{Loop, Node, Root};
use crate::value::{Key, Value};

/// A part of a variable that a program reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadPath {
    /// The variable.
    pub variable: Arc<str>,
    /// The fields and keys that are followed from it.
    pub steps: Vec<Arc<str>>,
}

/// Every path that is read, each once, sorted.
pub(super) fn paths(root: &Node, references: &[Reference]) -> Vec<ReadPath> {
    let mut walk = Walk {
        references,
        found: BTreeSet::new(),
    };
    walk.node(root);
    walk.found.into_iter().collect()
}

struct Walk<'a> {
    references: &'a [Reference],
    found: BTreeSet<ReadPath>,
}

impl Walk<'_> {
    fn nodes<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>) {
        nodes.into_iter().for_each(|node| self.node(node));
    }

    fn node(&mut self, node: &Node) {
        if let Some(path) = self.path(node) {
            self.found.insert(path);
            return;
        }
        match node {
            Node::Constant(_) | Node::Path(..) | Node::TypeName(..) => {}
            Node::Select(inner, _)
            | Node::OptionalSelect(inner, _)
            | Node::Has(inner, _)
            | Node::Not(inner)
            | Node::Negate(inner) => self.node(inner),
            Node::Index(left, right)
            | Node::OptionalIndex(left, right)
            | Node::Arithmetic(_, left, right)
            | Node::Equal(left, right)
            | Node::NotEqual(left, right)
            | Node::Compare(_, left, right)
            | Node::In(left, right) => self.nodes([&**left, &**right]),
            Node::And(nodes) | Node::Or(nodes) | Node::Sum(nodes) | Node::Call(_, nodes) => {
                self.nodes(nodes);
            }
            Node::Conditional(parts) => self.nodes(&**parts),
            Node::OrValue(parts) | Node::OrOptional(parts) => self.nodes(&**parts),
            Node::List(items) => self.nodes(items.iter().map(|(item, _)| item)),
            Node::Map(entries) => {
                self.nodes(entries.iter().flat_map(|(key, value, _)| [key, value]));
            }
            Node::Loop(pass) => self.pass(pass),
            Node::Bind { value, body, .. } => self.nodes([&**value, &**body]),
            Node::OptionalMap { target, body, .. } => self.nodes([&**target, &**body]),
        }
    }

    fn pass(&mut self, pass: &Loop) {
        self.node(&pass.range);
        self.nodes(pass.filter.as_ref());
        self.node(&pass.body);
    }

    /// The path that a node is, if it is one from a variable on.
    fn path(&self, node: &Node) -> Option<ReadPath> {
        match node {
            Node::Path(Root::Global(index), keys) => {
                let reference = self.references.get(*index)?;
                let steps = keys.iter().map(text).collect::<Option<_>>()?;
                Some(ReadPath {
                    variable: reference.name.clone(),
                    steps,
                })
            }
            Node::Select(inner, key) | Node::OptionalSelect(inner, key) | Node::Has(inner, key) => {
                self.step(inner, text(key)?)
            }
            Node::Index(inner, index) | Node::OptionalIndex(inner, index) => match &**index {
                Node::Constant(Value::String(key)) => self.step(inner, Arc::from(&**key)),
                _ => None,
            },
            _ => None,
        }
    }

    fn step(&self, inner: &Node, step: Arc<str>) -> Option<ReadPath> {
        let mut path = self.path(inner)?;
        path.steps.push(step);
        Some(path)
    }
}

fn text(key: &Key) -> Option<Arc<str>> {
    match key {
        Key::String(text) => Some(text.clone()),
        Key::Bool(_) | Key::Int(_) | Key::Uint(_) => None,
    }
}

//! Text to syntax tree.
//!
//! A hand-written lexer and a precedence parser. Both know the limits, so that no text makes the
//! stack deep or the tree large; neither knows which names are declared.

mod lexer;
mod literal;
mod parser;
mod token;
mod tree;

#[cfg(test)]
mod tests;

pub(crate) use parser::parse;
pub(crate) use tree::{Chain, Entry, Expr, Item, Kind, Operator, split_root};

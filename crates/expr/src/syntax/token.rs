//! Tokens.

use std::fmt;
use std::sync::Arc;

use crate::value::Value;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// Byte offset of the first character.
    pub(crate) at: usize,
    /// Byte offset behind the last character.
    pub(crate) end: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenKind {
    /// A name, a keyword or a reserved word.
    Word(Arc<str>),
    /// A name in backticks, which only a field may have.
    Quoted(Arc<str>),
    /// Digits of an integer without a sign, which the parser adds since -2^63 has no positive twin.
    Integer(u64),
    /// A double, an unsigned integer, text or bytes.
    Literal(Value),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// The end of the text.
    End,
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "'{word}'"),
            Self::Quoted(word) => write!(f, "'`{word}`'"),
            Self::Integer(digits) => write!(f, "'{digits}'"),
            Self::Literal(_) => f.write_str("a literal"),
            Self::Symbol(symbol) => write!(f, "'{symbol}'"),
            Self::End => f.write_str("the end of the expression"),
        }
    }
}

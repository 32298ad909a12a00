//! What can go wrong with an expression, and where.

use std::fmt;
use std::ops::Range;

/// A place in the source text of an expression: where it starts, and how far it reaches on that line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// One-based line.
    pub line: u32,
    /// One-based column, in characters.
    pub column: u32,
    /// Characters from there, one at least.
    pub width: u32,
}

impl Position {
    /// The position of a byte offset into `source`; past the end counts as the end.
    #[must_use]
    pub fn of(source: &str, offset: usize) -> Self {
        Self::over(source, offset..offset)
    }

    /// The position of a range of bytes of `source`, up to the end of its first line.
    #[must_use]
    pub fn over(source: &str, bytes: Range<usize>) -> Self {
        let inside = |offset: usize| {
            let mut offset = offset.min(source.len());
            while !source.is_char_boundary(offset) {
                offset -= 1;
            }
            offset
        };
        let offset = inside(bytes.start);
        let marked = source[offset..inside(bytes.end).max(offset)].lines().next();
        let before = &source[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            line: small(line),
            column: small(column),
            width: small(marked.map_or(1, |marked| marked.chars().count().max(1))),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why an expression was refused, or why its evaluation gave no value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The text is not an expression, or a call does not fit the function it names.
    #[error("{at}: {message}")]
    Syntax {
        /// Where.
        at: Position,
        /// What is wrong.
        message: String,
    },
    /// A name that is neither a variable in scope nor a known function.
    #[error("{at}: undeclared reference to '{name}'")]
    Undeclared {
        /// Where the name stands.
        at: Position,
        /// The name.
        name: String,
    },
    /// Types that are known before evaluation and do not fit: no overload takes them, or a field
    /// is not there.
    #[error("{at}: {message}")]
    Type {
        /// Where the call, operator or field stands.
        at: Position,
        /// What does not fit.
        message: String,
    },
    /// A field or a map key that is not there.
    #[error("no such key: {0}")]
    NoSuchKey(String),
    /// Operands whose types fit no overload of the operation.
    #[error("no such overload: {0}")]
    NoSuchOverload(String),
    /// A list index outside of the list.
    #[error("index out of bounds: {0}")]
    OutOfBounds(i64),
    /// Integer division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// Integer remainder by zero.
    #[error("modulus by zero")]
    ModulusByZero,
    /// A result outside of the range of its type.
    #[error("{0} overflow")]
    Overflow(&'static str),
    /// A key given twice to a map.
    #[error("insert failed: key {0} already exists")]
    DuplicateKey(String),
    /// An argument that a function does not take.
    #[error("{0}")]
    Argument(String),
    /// The expression costs more than [`crate::Limits`] allow.
    #[error("expression exceeds the limit of {limit} {unit}")]
    Limit {
        /// The bound that was met.
        limit: u64,
        /// What it counts.
        unit: &'static str,
    },
}

impl Error {
    /// A function's complaint about its arguments.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::Argument(message.into())
    }

    /// Only `NaN` has no order among numbers.
    pub(crate) fn nan_order() -> Self {
        Self::argument("NaN values cannot be ordered")
    }

    /// Where in the source text it went wrong, if the text alone shows it.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        match self {
            Self::Syntax { at, .. } | Self::Undeclared { at, .. } | Self::Type { at, .. } => {
                Some(*at)
            }
            _ => None,
        }
    }

    /// The error for people: its text, the line of `source` that it is about, and a mark below the place.
    #[must_use]
    pub fn render(&self, source: &str) -> String {
        let Some(at) = self.position() else {
            return self.to_string();
        };
        let line = at.line.saturating_sub(1) as usize;
        let line = source.lines().nth(line).unwrap_or_default();
        // Tabs stay tabs, so that the mark stands below what it marks.
        let before = line.chars().take(at.column.saturating_sub(1) as usize);
        let blanks: String = before.map(|c| if c == '\t' { c } else { ' ' }).collect();
        let mark = "^".repeat(at.width as usize);
        format!("{self}\n | {line}\n | {blanks}{mark}")
    }

    /// Whether the expression itself is wrong, whatever values it meets.
    #[must_use]
    pub const fn is_compile(&self) -> bool {
        matches!(
            self,
            Self::Syntax { .. } | Self::Undeclared { .. } | Self::Type { .. }
        )
    }

    /// Whether the evaluation ended on a limit, which no operator may absorb.
    pub(crate) const fn is_limit(&self) -> bool {
        matches!(self, Self::Limit { .. })
    }
}

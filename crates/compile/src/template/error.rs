//! What can be wrong with a template, and where.

use std::fmt;

/// Why a template could not be rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    path: String,
    reason: Box<Reason>,
}

/// What was wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// `${` inside of an open expression, outside of quotes.
    #[error("nested CEL expressions must be quoted: {0}")]
    Nested(String),
    /// The expression is wrong, whatever the values are.
    #[error("CEL compilation error in expression '{expression}': {cause}")]
    Compile {
        /// The expression without its delimiters.
        expression: String,
        /// What is wrong.
        cause: expr::Error,
    },
    /// The expression does not hold for these values.
    #[error("CEL evaluation error in expression '{expression}': {cause}")]
    Evaluate {
        /// The expression without its delimiters.
        expression: String,
        /// What is wrong.
        cause: expr::Error,
    },
    /// An expression in the place of a key that does not give text.
    #[error("dynamic map key '{key}' must evaluate to a string, got {found}")]
    Key {
        /// The key as written.
        key: String,
        /// Type and value of what it gave.
        found: String,
    },
    /// Two keys of a map, one an expression at least, that give one name.
    #[error("map key '{key}' gives a name that the map has already, {found}")]
    SameKey {
        /// The second key as written.
        key: String,
        /// Type and value of what both gave.
        found: String,
    },
    /// A rule or condition that does not give a boolean.
    #[error("must evaluate to boolean, got {found}")]
    NotBoolean {
        /// The template as written.
        template: String,
        /// The type of what it gave.
        found: &'static str,
    },
    /// The template or what it renders to is larger than any resource may be.
    #[error("template exceeds the limit of {limit} {unit}")]
    Limit {
        /// The bound that was met.
        limit: u64,
        /// What it counts.
        unit: &'static str,
    },
}

impl Error {
    pub(super) fn new(reason: Reason) -> Self {
        Self {
            path: String::new(),
            reason: Box::new(reason),
        }
    }

    /// An error of the expression language, sorted by when it shows.
    pub(super) fn of_expression(expression: &str, cause: expr::Error) -> Self {
        let expression = expression.to_owned();
        Self::new(if cause.is_compile() {
            Reason::Compile { expression, cause }
        } else {
            Reason::Evaluate { expression, cause }
        })
    }

    /// That the budget of the render is used up.
    pub(crate) fn over_budget(cause: expr::Error) -> Self {
        Self::new(match cause {
            expr::Error::Limit { limit, unit } => Reason::Limit { limit, unit },
            cause => Reason::Evaluate {
                expression: String::new(),
                cause,
            },
        })
    }

    /// Puts a step in front of the path: `.key`, or `[index]`.
    pub(super) fn under(mut self, step: impl fmt::Display) -> Self {
        self.path = format!("{step}{}", self.path);
        self
    }

    /// The place in the template, as `.spec.containers[0].image`; empty for the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What was wrong.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for Error {}

//! The expression language (CEL) of templates, rules and conditions.
//!
//! Source text is compiled by an [`Environment`] to a [`Program`], and a program is evaluated
//! against [`Bindings`] to a [`Value`]. The crate knows nothing of the platform: its own functions
//! and method rewrites are registered from outside. Nothing here panics on any input, maps are
//! ordered by key so that equal inputs give equal outputs, and every evaluation is bounded in steps
//! and in bytes ([`Limits`]).
//!
//! The engine is written here rather than taken from a crate because of four needs: numbers that
//! come from JSON are doubles yet must mix with integer literals, omission is a value, limits hold
//! at every step, and errors carry positions.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an operation takes a few of the types that values have, and refuses all others alike"
)]

mod bindings;
mod check;
mod environment;
mod error;
mod evaluate;
mod library;
mod limits;
mod program;
mod syntax;
mod value;

// The recorded cases are read by one module, here and in the tests of the public interface.
#[cfg(test)]
#[path = "../tests/it/cases.rs"]
mod compat;

pub use bindings::Bindings;
pub use check::{Declarations, ObjectType, StaticType};
pub use environment::{Builder, Environment, Overloads};
pub use error::{Error, Position};
pub use evaluate::Budget;
pub use library::Pattern;
pub use limits::Limits;
pub use program::{Program, ReadPath, Reference};
pub use value::{Duration, Key, Map, Numbers, Opaque, Timestamp, Type, Value, double_text};

/// The example of the README runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

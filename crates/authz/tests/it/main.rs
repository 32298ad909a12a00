//! Authorization against recorded behaviour of the reference, against a naive model, and against what
//! it promises.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod admission;
mod conformance;
mod conversions;
mod escalations;
mod installation;
mod naive;
mod policies;
mod properties;
mod worlds;

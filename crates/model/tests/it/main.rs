//! The vocabulary against the published definitions of OpenChoreo and against its own fixtures.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod admission;
mod compat;
mod crds;
mod kinds;
mod names;
mod rules;
mod samples;

//! The compiler against recorded behaviour of the reference.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "rows have the shapes that they have"
)]

mod accepted;
mod bad_inputs;
mod catalogue;
mod components;
mod connections;
mod endpoint_schemas;
mod endpoints;
mod network_policies;
mod patches;
mod projects;
mod readiness;
mod releases;
mod resources;
mod schemas;
mod snapshots;
mod templates;

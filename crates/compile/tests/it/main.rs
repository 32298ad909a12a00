//! The compiler against recorded behaviour of the reference.

mod compat;
mod components;
mod connections;
mod endpoints;
mod network_policies;
mod patches;
mod projects;
mod readiness;
mod releases;
mod schemas;
mod snapshots;
mod templates;

//! The compiler against recorded behaviour of the reference.

mod compat;
mod components;
mod patches;
mod projects;
mod schemas;
mod templates;

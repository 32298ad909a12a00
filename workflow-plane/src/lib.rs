//! The agent of a workflow cluster: starts there each run that the control plane has compiled, once, and says how it
//! goes.
//!
//! A run is a unit whose bundle holds an Argo `Workflow` to be made once. That it is never made again, whoever deletes
//! it, is `reconcile`'s doing, as is everything else that both agents do. With the control plane and the bus away, runs
//! go on and are reported later.

mod app;
mod collect;
mod config;
mod hub;
mod lead;
mod metrics;
mod tasks;

pub use app::start;
pub use config::Config;

//! The agent of a workflow cluster: starts each run once, follows it, and reports.
//!
//! It is the same engine as a data plane agent's. That a run is started once is said by its bundle: the Argo `Workflow`
//! carries the policy `Once`.

mod app;
mod config;

pub use app::start;
pub use config::Config;

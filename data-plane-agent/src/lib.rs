//! The agent of a workload cluster: runs what the control plane says, heals it on its own, and reports.
//!
//! It is stateless: what it knows stands in unit records in its cluster, so it goes on with the hub and the bus away.

mod app;
mod collect;
mod config;

pub use app::start;
pub use config::Config;

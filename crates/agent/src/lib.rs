//! An agent: runs in its cluster what the control plane has compiled, repairs it, says how it fares.
//!
//! It decides nothing. What a unit is comes signed from the control plane (`link`) or from the unit records of the
//! cluster itself; what is to be done is `reconcile`'s; this crate puts the two together and counts. With the control
//! plane and the bus away it goes on with what it has. The services that are agents differ by their [`Role`] alone.

mod app;
mod collect;
mod config;
mod hub;
mod lead;
mod metrics;
mod tasks;

pub use app::{Role, start};
pub use collect::Config as CollectConfig;
pub use config::{ClusterConfig, Config, LeaderConfig, ReconcileConfig};

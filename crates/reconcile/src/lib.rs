//! Plan, apply, inventory and health, for both agents.
//!
//! Steps 10 to 12 of the flow. What is decided is decided by pure modules: [`owned`] says what drift is, [`health`] how
//! an object fares, [`plan`] what to do, [`report`] what to say. [`engine`] feeds them what was accepted and what the
//! cluster says, and [`apply`] carries the plans out. An agent never decides what a unit should be: it only compares.

pub mod agent;
pub mod apply;
pub mod engine;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
pub mod health;
pub mod inventory;
pub mod kube;
pub mod live;
pub mod owned;
pub mod plan;
pub mod report;
pub mod stage;
pub mod target;

pub use engine::{Engine, Handle};
pub use inventory::Inventory;
pub use kube::{InCluster, Kube};
pub use live::{Cache, Live, Sight};
pub use plan::Plan;
pub use target::{Item, Work};

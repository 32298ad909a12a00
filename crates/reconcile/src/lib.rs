//! Desired against live, for both agents: what to write, what to remove, how it fares.
//!
//! Steps 10 to 12 of the flow. [`plan`], [`drift`], [`health`] and [`inventory`] are pure; [`engine`] joins them with a
//! cluster. It asks the hub nothing: what it knows are unit records, and absence on the hub never deletes anything.

pub mod drift;
pub mod engine;
pub mod health;
pub mod inventory;
pub mod plan;
mod report;
mod work;

pub use engine::{Accepted, Engine};

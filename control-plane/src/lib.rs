//! The control plane: keeps what people declare, decides what follows, and feeds the planes.
//!
//! The modules stand in the order of the flow (ARCHITECTURE.md, section 3).

pub mod admit;
pub mod authenticate;
pub mod commit;
pub mod decide;
pub mod effects;
pub mod identity;
pub mod ingress;
pub mod link_service;
pub mod publish;
pub mod wake;
pub mod world;

mod app;
mod bootstrap;
mod config;
mod policy;
mod tasks;

pub use app::start;
pub use config::Config;

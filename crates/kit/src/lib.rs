//! How a process of the platform runs: configuration, telemetry, tasks, shutdown.
//!
//! A service is `kit::run("name", start)`; `start` binds its listeners, spawns its tasks and returns. Everything
//! that all services do the same way is here, and nothing that any of them does differently: `kit` names no other
//! crate of the platform. `README.md` shows a whole service.

pub mod admin;
pub mod backoff;
mod chain;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod http;
pub mod listen;
pub mod metrics;
mod run;
pub mod shutdown;
pub mod tasks;
pub mod telemetry;
pub mod tls;
pub mod trace;
pub mod wake;

pub use backoff::Backoff;
pub use chain::chain;
pub use clock::Clock;
pub use config::Config;
pub use entropy::Entropy;
pub use http::{http_client, http_client_trusting};
pub use metrics::meter;
pub use run::{StartError, run};
pub use shutdown::Shutdown;
pub use tasks::{OnExit, TaskSpec, Tasks};
pub use wake::{Outcome, Wake};

//! Takes telemetry and answers questions about it. What it has taken it keeps answering with every other plane away,
//! but for the question who may ask, which is the control plane's to answer.

mod access;
mod app;
mod config;
mod ingest;
mod observer;
mod query;

pub use app::start;
pub use config::Config;

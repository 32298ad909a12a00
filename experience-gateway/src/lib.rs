//! The only door for people and tools. It keeps no state: what it shows it asks for, and every write goes to the
//! control plane with the caller's own token.

mod app;
mod caller;
mod config;
mod logs;
mod mcp;
mod portal;
mod preview;
mod problem;
mod rest;
mod stream;
mod upstream;
mod verbs;

pub use app::start;
pub use config::Config;

//! The engine on a real API server.

mod apply;
mod harness;
mod heal;
mod speed;

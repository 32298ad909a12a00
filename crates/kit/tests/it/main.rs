//! How a process finds its configuration, runs its tasks, answers its operators and ends.

mod config;
mod listen;
mod otlp;
mod process;
mod tasks;
mod tls;
mod wake;

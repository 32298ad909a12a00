//! Benchmarks. Each prints a table for people and at its end `bench.<name>_<unit>=<value>` lines.
//!
//! `flow`: from a write to the changed Deployment, creation of many components at once, healing
//! without the hub, memory.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints is its result"
)]

mod figures;
mod flow;
mod hub;
mod load;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// From a write to the changed Deployment, and what it costs.
    Flow(flow::Options),
}

/// Runs the benchmark that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let Bench::Flow(options) = Cli::parse().bench;
    match flow::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

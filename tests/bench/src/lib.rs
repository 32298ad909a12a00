//! Benchmarks. Each prints a table for people and at its end `bench.<name>_<unit>=<value>` lines.
//!
//! `flow`: from a write to the changed Deployment, creation of many components at once, healing
//! without the hub, memory. `compile`: what the compiler and its expressions cost, without a platform.
//! `authz`: what deciding about access costs.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints is its result"
)]

mod authz;
mod compile;
mod figures;
mod flow;
mod hub;
mod load;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The allocator of the services, for what is measured in this process.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

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
    /// What the compiler and its expressions cost.
    Compile(compile::Options),
    /// What deciding about access costs.
    Authz(authz::Options),
}

/// Runs the benchmark that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let ran = match Cli::parse().bench {
        Bench::Flow(options) => flow::run(&options),
        Bench::Compile(options) => compile::run(&options),
        Bench::Authz(options) => authz::run(&options),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

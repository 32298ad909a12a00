//! The walkthroughs of `ARCHITECTURE.md` with real processes and a real Kubernetes.
//!
//! Each is a function that drives the platform as a user does (`quintet`, REST, kubectl), waits for
//! what must come true with a deadline, and fails with what it saw instead. They run in order on
//! one installation, which `cargo xtask test` starts from nothing and takes away again.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a command-line program; what it prints is its result"
)]

mod browser;
mod delete;
mod deploy;
mod heal;
mod logs;
mod network;
mod portal;
mod preview;
mod promote;
mod refuse;
mod storm;
mod wait;
mod workflow;
mod world;

use std::{process::ExitCode, time::Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;

use crate::world::World;

/// Walks through the platform as a user does.
#[derive(Debug, Parser)]
#[command(name = "e2e")]
struct Cli {
    /// The run to work with; it is started if it is not up.
    #[arg(long, default_value = "e2e")]
    name: String,
    /// How long the storm lasts, in seconds.
    #[arg(long, default_value_t = 120)]
    storm_seconds: u64,
    /// How many changes are written in the storm.
    #[arg(long, default_value_t = 200)]
    storm_changes: usize,
    /// Leaves this plane out; may be repeated.
    #[arg(long, value_name = "PLANE")]
    without: Vec<String>,
    /// Only these walkthroughs; all without it.
    walkthroughs: Vec<String>,
}

type Walk = fn(&World) -> Result<()>;

/// In this order: each may use what an earlier one left.
const WALKTHROUGHS: &[(&str, Walk)] = &[
    ("deploy", deploy::walk),
    ("refuse", refuse::walk),
    ("preview", preview::walk),
    ("heal", heal::walk),
    ("portal", portal::walk),
    ("promote", promote::walk),
    ("network", network::walk),
    ("logs", logs::walk),
    ("workflow", workflow::walk),
    ("delete", delete::walk),
    ("storm", storm::walk),
];

/// Runs the walkthroughs that the arguments name; prints a line each, and the chain of the first
/// error.
#[must_use]
pub fn run() -> ExitCode {
    match walk(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn walk(cli: &Cli) -> Result<()> {
    for name in &cli.walkthroughs {
        let known = WALKTHROUGHS.iter().any(|(it, _)| it == name);
        let names: Vec<&str> = WALKTHROUGHS.iter().map(|(it, _)| *it).collect();
        ensure!(
            known,
            "no walkthrough {name}; there are {}",
            names.join(", ")
        );
    }
    let storm = world::Storm {
        seconds: cli.storm_seconds,
        changes: cli.storm_changes,
    };
    let world = World::start(&cli.name, &cli.without, storm)?;
    for (name, walk) in WALKTHROUGHS {
        if !cli.walkthroughs.is_empty() && !cli.walkthroughs.iter().any(|it| it == name) {
            continue;
        }
        println!("== {name}");
        let began = Instant::now();
        walk(&world).with_context(|| format!("walkthrough {name}"))?;
        println!("ok {name} ({:.1} s)", began.elapsed().as_secs_f64());
    }
    Ok(())
}

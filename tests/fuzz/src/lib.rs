//! Fuzzing of the expression engine and the compiler, without a nightly toolchain.
//!
//! Inputs are mutations of what is recorded, and expressions that a grammar makes. A target fails by a panic, by
//! a stack that overflows, by an input that does not end, or by a promise that does not hold: equal inputs give
//! equal results, nothing costs more than its budget, another engine says the same. Inputs are tried in a process
//! of its own, since most of that would end this one; what it fails on is made smaller before it is shown. A run
//! is told by its seed.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints is its result"
)]

mod corpus;
mod explore;
mod hunt;
mod mutate;
mod oracle;
mod random;
mod reduce;
mod targets;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Parser;

use targets::Target;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask fuzz")]
struct Cli {
    /// Only this target; every one in turn without it.
    target: Option<Target>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// What the inputs follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Milliseconds that one input may take.
    #[arg(long, default_value_t = 5000)]
    limit: u64,
    /// Tries the input in this file, and no other.
    #[arg(long, requires = "target")]
    attempt: Option<PathBuf>,
    /// Tries inputs in this process, each written to this file first.
    #[arg(long, hide = true, requires = "target", conflicts_with = "attempt")]
    explore: Option<PathBuf>,
}

/// How a target is run, and for how long.
#[derive(Debug, Clone, Copy)]
struct Plan {
    target: Target,
    seed: u64,
    span: Duration,
    limit: Duration,
}

/// Runs the targets that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    match fuzz(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn fuzz(cli: &Cli) -> Result<()> {
    let plan = |target| Plan {
        target,
        seed: cli.seed,
        span: Duration::from_secs(cli.seconds),
        limit: Duration::from_millis(cli.limit),
    };
    match (cli.target, &cli.attempt, &cli.explore) {
        (Some(target), Some(file), _) => {
            let input = std::fs::read_to_string(file);
            let input = input.with_context(|| file.display().to_string())?;
            explore::attempt(&plan(target), &input);
            return Ok(());
        }
        (Some(target), _, Some(file)) => {
            println!("{}", explore::explore(&plan(target), file)?);
            return Ok(());
        }
        _ => {}
    }
    let chosen = match cli.target {
        Some(only) => vec![only],
        None => Target::all().collect(),
    };
    let mut found = Vec::new();
    for target in chosen {
        match hunt::hunt(&plan(target))? {
            Ok(executions) => {
                println!("{:<10} {executions} executions, no findings", target.name());
            }
            Err(finding) => {
                println!("{finding}");
                found.push(target.name());
            }
        }
    }
    if !found.is_empty() {
        bail!("findings in {}", found.join(", "));
    }
    Ok(())
}

//! Fuzzing of the expression engine and the compiler, without a nightly toolchain.
//!
//! Inputs are mutations of the recorded expressions, templates, schemas and patches. A target fails by a panic,
//! which the hook prints with its input, or by a promise that does not hold: equal inputs give equal results, and
//! nothing costs more than its budget. A run is told by its seed.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints is its result"
)]

mod corpus;
mod random;
mod targets;

use std::{
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::Parser;

use corpus::Corpus;
use random::Random;
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
}

/// The input that is tried, for the panic hook.
static INPUT: Mutex<String> = Mutex::new(String::new());

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
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        if let Ok(input) = INPUT.lock() {
            eprintln!("the input was {input:?}");
        }
    }));
    let corpus = Corpus::load()?;
    let all = Target::ALL.iter().copied();
    for target in all.filter(|target| cli.target.is_none_or(|only| only == *target)) {
        let began = Instant::now();
        let span = Duration::from_secs(cli.seconds);
        let executions = explore(target, &corpus, cli.seed, |_| began.elapsed() < span)?;
        println!("{:<10} {executions} executions, no findings", target.name());
    }
    Ok(())
}

/// Tries inputs while `goes_on` says so, and counts them.
fn explore(
    target: Target,
    corpus: &Corpus,
    seed: u64,
    goes_on: impl Fn(u64) -> bool,
) -> Result<u64> {
    let mut random = Random::new(seed);
    let mut executions = 0;
    while goes_on(executions) {
        let input = corpus.mutated(target, &mut random);
        if let Ok(mut current) = INPUT.lock() {
            current.clone_from(&input);
        }
        if let Err(broken) = target.run(&input) {
            bail!("{}: {broken}\nthe input was {input:?}", target.name());
        }
        executions += 1;
    }
    Ok(executions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_keeps_its_promises_on_a_few_hundred_inputs() {
        let corpus = Corpus::load().unwrap();
        for target in Target::ALL {
            let executions = explore(*target, &corpus, 7, |count| count < 300).unwrap();
            assert_eq!(executions, 300, "{}", target.name());
        }
    }
}

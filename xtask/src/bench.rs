//! Benchmarks: the programs of `tests/bench`, built optimized.

use anyhow::Result;

use crate::{command, home::Home};

/// Runs the benchmark that the arguments name.
///
/// # Errors
/// It does not build or does not end well.
pub fn run(home: &Home, arguments: &[String]) -> Result<()> {
    let mut cargo = home.cargo();
    cargo
        .args(["run", "--quiet", "--package", "bench", "--"])
        .args(arguments);
    command::run(&mut cargo)
}

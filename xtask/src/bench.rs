//! The programs of `tests/bench` and `tests/fuzz`.

use anyhow::Result;

use crate::{command, home::Home};

/// Benchmarks that measure themselves, and not the services that they start.
const IN_PROCESS: &[&str] = &["compile", "authz"];

/// Runs the benchmark that the arguments name.
///
/// # Errors
/// It does not build or does not end well.
pub fn run(home: &Home, arguments: &[String]) -> Result<()> {
    let mut cargo = home.cargo();
    cargo.args(["run", "--quiet", "--package", "bench"]);
    let first = arguments.first().map(String::as_str);
    if first.is_some_and(|first| IN_PROCESS.contains(&first)) {
        cargo.arg("--release");
    }
    command::run(cargo.arg("--").args(arguments))
}

/// Runs the fuzzer, optimized: it finds by how much it tries.
///
/// # Errors
/// It does not build, or it finds something.
pub fn fuzz(home: &Home, arguments: &[String]) -> Result<()> {
    let mut cargo = home.cargo();
    cargo
        .args(["run", "--quiet", "--release", "--package", "fuzz", "--"])
        .args(arguments);
    command::run(&mut cargo)
}

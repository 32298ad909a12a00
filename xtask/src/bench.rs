//! Benchmarks: the programs of `tests/bench`, and those of crates that need no platform. Fuzzing, which is a
//! program as well.

use anyhow::Result;

use crate::{command, home::Home};

/// Benchmarks that a crate has beside its code, so that nothing else is built for them.
const OF_CRATES: &[(&str, &str)] = &[("compile", "compile")];

/// Runs the benchmark that the arguments name.
///
/// # Errors
/// It does not build or does not end well.
pub fn run(home: &Home, arguments: &[String]) -> Result<()> {
    let mut cargo = home.cargo();
    let first = arguments.first().map(String::as_str);
    match OF_CRATES.iter().find(|(name, _)| first == Some(name)) {
        Some((name, package)) => cargo
            .args(["bench", "--quiet", "--package", package, "--bench", name])
            .arg("--")
            .args(&arguments[1..]),
        None => cargo
            .args(["run", "--quiet", "--package", "bench", "--"])
            .args(arguments),
    };
    command::run(&mut cargo)
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

//! The project's own commands: everything that builds, starts, checks or measures Quintet.
//!
//! [`cluster`] makes a real Kubernetes out of Go modules, [`platform`] runs the five planes on it,
//! [`test`](mod@test), [`conformance`], [`ci`], [`bench`](mod@bench) and [`generate`] drive cargo, [`tidy`] reads
//! the sources. Nothing of ours is linked here, so that the commands work while a crate does not
//! compile. What is made stays below `$HOME/.cache/quintet` (see [`home`]).

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these are command-line programs; what they print is their result"
)]

mod cli;

pub mod bench;
pub mod ci;
pub mod cluster;
pub mod command;
pub mod conformance;
pub mod fingerprint;
pub mod generate;
pub mod home;
pub mod http;
pub mod platform;
pub mod process;
pub mod progress;
pub mod test;
pub mod tidy;

use std::process::ExitCode;

/// Runs the command that the arguments name; prints the chain of an error and answers 1.
#[must_use]
pub fn run() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

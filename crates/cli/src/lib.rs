//! `quintet`: the platform from a terminal. It speaks the REST API of the gateway and nothing else.

mod api;
mod apply;
mod arguments;
mod commands;
mod output;
mod sse;

use std::process::ExitCode;

use clap::Parser;

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    kit::tls::install();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(commands::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "errors of a command line go to standard error"
)]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

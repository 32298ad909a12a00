//! `quintet`: the platform from a terminal. It speaks the REST API of the gateway and nothing else;
//! `render`, and `diff` between two folders, compile here and ask nobody.

mod api;
mod apply;
mod arguments;
mod commands;
mod documents;
mod offline;
mod output;
mod sse;

use std::process::ExitCode;

use clap::Parser;

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let failure = arguments.command.failure();
    kit::tls::install();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into(), failure),
    };
    match runtime.block_on(commands::run(arguments)) {
        Ok(code) => code,
        Err(error) => fail(&error, failure),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "errors of a command line go to standard error"
)]
fn fail(error: &anyhow::Error, code: ExitCode) -> ExitCode {
    eprintln!("error: {error:#}");
    code
}

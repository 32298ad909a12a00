//! Fuzzing, started by `cargo xtask fuzz`.

use std::process::ExitCode;

fn main() -> ExitCode {
    fuzz::run()
}

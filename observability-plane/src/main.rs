//! The observability plane's binary.
use std::process::ExitCode;

fn main() -> ExitCode {
    kit::run("observability-plane", observability_plane::start)
}

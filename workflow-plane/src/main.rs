//! The workflow plane's binary.
use std::process::ExitCode;

fn main() -> ExitCode {
    kit::run("workflow-plane", workflow_plane::start)
}

//! The control plane's binary.
use std::process::ExitCode;

fn main() -> ExitCode {
    kit::run("control-plane", control_plane::start)
}

//! The data plane agent's binary.
use std::process::ExitCode;

fn main() -> ExitCode {
    kit::run("data-plane-agent", data_plane_agent::start)
}

//! The experience gateway's binary.
use std::process::ExitCode;

fn main() -> ExitCode {
    kit::run("experience-gateway", experience_gateway::start)
}

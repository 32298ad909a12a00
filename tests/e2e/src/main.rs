//! Walkthroughs against the five binaries and a real Kubernetes.

use std::process::ExitCode;

fn main() -> ExitCode {
    e2e::run()
}

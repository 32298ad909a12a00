//! Benchmarks with the five binaries and a real Kubernetes.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::run()
}

//! Tests everything, from a clean clone: makes what the tests need, runs them, and stops what it
//! started.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{
    cluster::{self, build},
    command,
    home::Home,
    platform,
    progress::Progress,
};

/// The API-only cluster of the adapters' tests.
const ADAPTERS: &str = "test";
/// The run of the walkthroughs.
const WALKTHROUGHS: &str = "e2e";

/// Programs that the tests of the crates use, by the Debian package that has them.
const SERVERS: &[(&str, &str)] = &[("pg_ctlcluster", "postgresql")];
/// Programs that the walkthroughs use, by the Debian package that has them.
const PACKAGES: &[(&str, &str)] = &[("chromium", "chromium")];

/// What is tested.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// Only the crates and adapters, without the walkthroughs on a full cluster.
    #[arg(long)]
    pub no_e2e: bool,
    /// Only the walkthroughs.
    #[arg(long, conflicts_with = "no_e2e")]
    pub only_e2e: bool,
}

/// Runs the tests.
///
/// # Errors
/// Something that the tests need cannot be made, or a test fails.
pub fn run(home: &Home, options: &Options) -> Result<()> {
    let progress = Progress::start();
    prepare(home, options, &progress)?;
    if !options.only_e2e {
        // One that somebody else uses stays.
        let found = cluster::find(home, ADAPTERS)?.is_some_and(|it| it.is_whole());
        let tested = crates(home, &progress);
        let removed = if found {
            Ok(())
        } else {
            cluster::down(home, ADAPTERS)
        };
        tested.and(removed)?;
    }
    if !options.no_e2e {
        let tested = walkthroughs(home, &progress);
        let removed = platform::down::run(home, WALKTHROUGHS);
        tested.and(removed)?;
    }
    progress.line("all tests passed");
    Ok(())
}

/// Builds the cluster and the tests side by side: each leaves a core idle at its end.
fn prepare(home: &Home, options: &Options, progress: &Progress) -> Result<()> {
    std::thread::scope(|scope| {
        let cluster = scope.spawn(|| -> Result<()> {
            let step = progress.step("dev cluster: build");
            build::core(home, &step)?;
            build::tool(home, build::Tool::Nats, &step)?;
            if !options.only_e2e {
                build::install(SERVERS, &step)?;
            }
            if !options.no_e2e {
                build::tool(home, build::Tool::Gateway, &step)?;
                build::install(PACKAGES, &step)?;
            }
            step.done();
            Ok(())
        });
        let tests = progress.step("tests: cargo build");
        let log = home.logs().join("cargo-test.log");
        let built = command::logged(
            home.cargo().args(["test", "--workspace", "--no-run"]),
            &log,
            |line| tests.note(line),
        );
        if built.is_ok() {
            tests.done();
        }
        cluster.join().expect("the build does not panic").and(built)
    })
}

fn crates(home: &Home, progress: &Progress) -> Result<()> {
    let step = progress.step("API-only cluster for the adapters");
    let only = cluster::Options {
        api_only: true,
        kwok: 0,
    };
    let instance = cluster::ensure(home, ADAPTERS, only, &step)?;
    step.done();
    let mut cargo = home.cargo();
    cargo.args(["test", "--workspace"]);
    cargo.env("QUINTET_TEST_KUBECONFIG", &instance.kubeconfig);
    cargo.env("QUINTET_TEST_NATS_SERVER", home.tool("nats-server"));
    command::run(&mut cargo).context("tests of the crates")
}

fn walkthroughs(home: &Home, progress: &Progress) -> Result<()> {
    let step = progress.step("dev cluster: Argo Workflows");
    build::tool(home, build::Tool::Argo, &step)?;
    step.done();
    let mut cargo: Command = home.cargo();
    cargo.args([
        "run",
        "--quiet",
        "--package",
        "e2e",
        "--",
        "--name",
        WALKTHROUGHS,
    ]);
    command::run(&mut cargo).context("walkthroughs")
}

//! Deploy a component: the sample answers, its page says so, and the same again changes nothing.

use std::time::Duration;

use anyhow::{Result, ensure};
use xtask::{http, platform::ports::Listener};

use crate::{
    wait,
    world::{LIMIT, World},
};

/// How long no request may be sent for the agent to be at rest.
const QUIET: Duration = Duration::from_secs(3);

pub(crate) fn walk(world: &World) -> Result<()> {
    let body = world.answers("development", "/greeter-http/greet?name=Ada")?;
    ensure!(body.contains("Hello, Ada!"), "the greeter says {body}");
    let binding = world.is_ready("greeter", "development")?;
    let release = binding["spec"]["releaseName"].as_str().unwrap_or_default();
    println!("   greeter answers; its release is {release}");

    let gateway = world.ports.address(Listener::Gateway);
    let page = http::ask(
        gateway,
        "localhost",
        "/portal/namespaces/default/components/greeter",
    )?;
    ensure!(page.status == 200, "the portal answers {}", page.status);
    let refused = http::ask(
        gateway,
        "localhost",
        "/api/v1/namespaces/default/components",
    )?;
    ensure!(
        refused.status == 401,
        "without a token the API answers {}",
        refused.status
    );

    apply_again(world)
}

/// A second identical apply sends no request to the cluster.
fn apply_again(world: &World) -> Result<()> {
    let requests = || world.requests();
    // Reports of pods that just started may still cause reads: begin when all is quiet.
    let (before, _) = wait::until(LIMIT, "the agent is quiet", || {
        let before = requests()?;
        std::thread::sleep(QUIET);
        let after = requests()?;
        ensure!(
            (before - after).abs() < f64::EPSILON,
            "{before} requests, then {after}"
        );
        Ok(after)
    })?;
    let sample = world.home.root().join("samples/greeter/greeter.yaml");
    let said = world.quintet(&["apply", "-f", &sample.to_string_lossy()])?;
    let changed: Vec<&str> = said
        .lines()
        .filter(|line| !line.ends_with("unchanged"))
        .collect();
    ensure!(
        changed.is_empty(),
        "the second apply says: {}",
        changed.join("; ")
    );
    std::thread::sleep(QUIET);
    let after = requests()?;
    ensure!(
        (before - after).abs() < f64::EPSILON,
        "{before} requests, then {after}"
    );
    println!("   applied again: unchanged, the agent's count of requests stands still at {after}");
    Ok(())
}

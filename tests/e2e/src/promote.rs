//! Promote: a release goes on to staging, a newer one stays in development; each environment runs
//! its own.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    wait,
    world::{LIMIT, World},
};

pub(crate) fn walk(world: &World) -> Result<()> {
    let first = release(&world.is_ready("greeter", "development")?)?;
    world.quintet(&["promote", "greeter", "--to", "staging"])?;
    let staging = release(&world.is_ready("greeter", "staging")?)?;
    ensure!(
        staging == first,
        "staging runs {staging}, development {first}"
    );
    world.answers("staging", "/greeter-http/greet")?;
    println!("   {first} runs in development and staging");

    world.load_greeter("quintet.local/greeter:2")?;
    let sample = world.home.root().join("samples/greeter/greeter.yaml");
    let manifest = std::fs::read_to_string(&sample).context("the sample")?;
    world.apply(&manifest.replace("quintet.local/greeter:1", "quintet.local/greeter:2"))?;
    let (second, _) = wait::until(LIMIT, "development has a new release", || {
        let second = release(&world.is_ready("greeter", "development")?)?;
        ensure!(second != first, "it still runs {first}");
        Ok(second)
    })?;
    wait::until(LIMIT, "each environment runs its own image", || {
        let development = images(world, "development")?;
        ensure!(
            development == ["quintet.local/greeter:2"],
            "development runs {development:?}"
        );
        let staging = images(world, "staging")?;
        ensure!(
            staging == ["quintet.local/greeter:1"],
            "staging runs {staging:?}"
        );
        Ok(())
    })?;
    let staging = release(&world.is_ready("greeter", "staging")?)?;
    ensure!(staging == first, "staging moved to {staging}");
    println!("   {second} runs in development, {first} still in staging");
    Ok(())
}

fn release(binding: &Value) -> Result<String> {
    binding["spec"]["releaseName"]
        .as_str()
        .map(str::to_owned)
        .context("the binding names no release")
}

/// Images of the running pods, each once.
fn images(world: &World, environment: &str) -> Result<Vec<String>> {
    let selector =
        format!("openchoreo.dev/component=greeter,openchoreo.dev/environment={environment}");
    let pods = world.objects(&["pods", "-A", "-l", &selector])?;
    let living = pods
        .iter()
        .filter(|it| it["metadata"]["deletionTimestamp"].is_null());
    let image = |pod: &Value| {
        pod.pointer("/spec/containers/0/image")?
            .as_str()
            .map(str::to_owned)
    };
    let mut images: Vec<String> = living.filter_map(image).collect();
    images.sort();
    images.dedup();
    Ok(images)
}

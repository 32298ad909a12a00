//! Heal without a hub: with control plane and NATS stopped, what is deleted or changed by hand in
//! the cluster is repaired, also by an agent that was restarted meanwhile; how soon is printed.

use std::time::Duration;

use anyhow::{Result, ensure};
use xtask::platform::PartAction;

use crate::{
    wait,
    world::{World, place},
};

const SECOND: Duration = Duration::from_secs(1);
const HUB: &[&str] = &["control-plane", "nats"];

pub(crate) fn walk(world: &World) -> Result<()> {
    world.is_ready("greeter", "development")?;
    world.parts(PartAction::Stop, HUB)?;
    let healed = with_the_hub_gone(world);
    world.parts(PartAction::Start, &["control-plane"])?;
    world.parts(PartAction::Start, &["nats"])?;
    healed?;
    world.is_ready("greeter", "development").map(drop)
}

fn with_the_hub_gone(world: &World) -> Result<()> {
    let took = deleted(world)?;
    println!(
        "   deleted Deployment is back after {} ms",
        took.as_millis()
    );
    let took = changed(world)?;
    println!("   changed image is repaired after {} ms", took.as_millis());

    world.parts(PartAction::Restart, &["data-plane-agent"])?;
    let took = deleted(world)?;
    println!(
        "   with a restarted agent: back after {} ms",
        took.as_millis()
    );
    world
        .answers("development", "/greeter-http/greet")
        .map(drop)
}

fn deleted(world: &World) -> Result<Duration> {
    let deployment = world.object("deployment", "greeter", "development")?;
    let (name, namespace) = place(&deployment)?;
    let uid = &deployment["metadata"]["uid"];
    world.kubectl(&[
        "-n",
        namespace,
        "delete",
        "deployment",
        name,
        "--wait=false",
    ])?;
    let (_, took) = wait::until(SECOND * 20, "another Deployment is there", || {
        let now = world.object("deployment", "greeter", "development")?;
        ensure!(now["metadata"]["uid"] != *uid, "the old one is still there");
        Ok(())
    })?;
    Ok(took)
}

fn changed(world: &World) -> Result<Duration> {
    let deployment = world.object("deployment", "greeter", "development")?;
    let (name, namespace) = place(&deployment)?;
    let image = "/spec/template/spec/containers/0/image";
    let wanted = deployment.pointer(image).cloned();
    let other = "main=quintet.local/sample:1";
    world.kubectl(&[
        "-n",
        namespace,
        "set",
        "image",
        &format!("deployment/{name}"),
        other,
    ])?;
    let (_, took) = wait::until(SECOND * 20, "the image is as declared", || {
        let now = world.object("deployment", "greeter", "development")?;
        ensure!(
            now.pointer(image) == wanted.as_ref(),
            "it is {:?}",
            now.pointer(image)
        );
        Ok(())
    })?;
    Ok(took)
}

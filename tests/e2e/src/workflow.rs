//! Run a build: an Argo run to its success and one to its failure, and neither is run again when
//! its object is deleted by hand.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::Value;
use xtask::platform::status::{self, Condition};

use crate::{
    wait,
    world::{World, condition},
};

/// A run pulls nothing, but Argo itself may still be built.
const LIMIT: Duration = Duration::from_secs(180);
const INSTALL: Duration = Duration::from_secs(900);

pub(crate) fn walk(world: &World) -> Result<()> {
    // A run is run once: another walkthrough needs others.
    let [good, bad] = ["good", "bad"].map(|it| format!("e2e-{it}-{}", std::process::id()));
    wait::until(INSTALL, "Argo Workflows is installed", || {
        let parts = status::look(&world.home, world.folder.name())?.parts;
        let state = parts.get("argo-install").map(|it| it.state);
        ensure!(
            state == Some(Condition::Complete),
            "argo-install is {state:?}"
        );
        Ok(())
    })?;
    world.quintet(&["workflow", "run", "check", "--name", &good, "--follow"])?;
    let run = finished(world, &good)?;
    ensure!(succeeded(&run), "{good}: {}", run["status"]);
    println!("   a run succeeded");
    let failed = world.quintet(&[
        "workflow",
        "run",
        "check",
        "--name",
        &bad,
        "--set",
        "fail=true",
        "--follow",
    ]);
    ensure!(
        failed.is_err(),
        "`workflow run --follow` of a failing run succeeds"
    );
    let run = finished(world, &bad)?;
    ensure!(!succeeded(&run), "{bad}: {}", run["status"]);
    println!("   a run failed, and says so");
    once(world, &good)
}

fn finished(world: &World, name: &str) -> Result<Value> {
    let path = format!("/namespaces/default/workflowruns/{name}");
    let (run, _) = wait::until(LIMIT, &format!("{name} ends"), || {
        let run = world.api(&path)?;
        match condition(&run, "WorkflowCompleted") {
            Some(it) if it["status"] == "True" => Ok(run),
            _ => bail!("{}", run["status"]),
        }
    })?;
    Ok(run)
}

fn succeeded(run: &Value) -> bool {
    condition(run, "WorkflowSucceeded").is_some_and(|it| it["status"] == "True")
}

/// The Argo object, deleted by hand, does not come back.
fn once(world: &World, good: &str) -> Result<()> {
    let workflows = || world.objects(&["workflows.argoproj.io", "-A"]);
    let named = |all: &[Value]| {
        let good = all.iter().find(|it| it["metadata"]["name"] == good);
        good.map(|it| {
            it["metadata"]["namespace"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
    };
    let Some(namespace) = named(&workflows()?) else {
        bail!("no Argo Workflow {good}")
    };
    world.kubectl(&["-n", &namespace, "delete", "workflows.argoproj.io", good])?;
    let end = std::time::Instant::now() + Duration::from_secs(5);
    while std::time::Instant::now() < end {
        ensure!(
            named(&workflows()?).is_none(),
            "the deleted run was started again"
        );
        std::thread::sleep(Duration::from_millis(250));
    }
    println!("   deleted by hand, it is not run again");
    Ok(())
}

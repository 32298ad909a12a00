//! Delete: every object of the component goes, nothing of others is touched.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::{
    wait,
    world::{LIMIT, World},
};

const KINDS: &str = "deployments,services,configmaps,networkpolicies,httproutes,pods";

pub(crate) fn walk(world: &World) -> Result<()> {
    let others = names(&others(world)?);
    world.quintet(&["delete", "component", "greeter"])?;
    let selector = "openchoreo.dev/component=greeter";
    let (_, took) = wait::until(LIMIT, "nothing of the component is left", || {
        let left = world.objects(&[KINDS, "-A", "-l", selector])?;
        ensure!(left.is_empty(), "left: {:?}", names(&left));
        Ok(())
    })?;
    println!("   every object is gone after {:.1} s", took.as_secs_f64());
    ensure!(
        names(&self::others(world)?) == others,
        "objects of others have changed"
    );
    let bindings = world.api("/namespaces/default/releasebindings")?;
    let left = bindings["items"].as_array().into_iter().flatten();
    let left: Vec<&Value> = left
        .filter(|it| it["spec"]["owner"]["componentName"] == "greeter")
        .collect();
    ensure!(left.is_empty(), "bindings are left: {left:?}");
    let said = world.quintet(&["status", "-o", "json"])?;
    ensure!(
        !said.contains("\"greeter\""),
        "status still shows it: {said}"
    );
    println!("   the rest stands");
    Ok(())
}

/// What lives beside the component: all but what is short-lived by nature.
fn others(world: &World) -> Result<Vec<Value>> {
    let kinds = "deployments,services,configmaps,networkpolicies,httproutes,namespaces";
    world.objects(&[kinds, "-A", "-l", "openchoreo.dev/component!=greeter"])
}

fn names(objects: &[Value]) -> Vec<String> {
    let mut names: Vec<String> = objects
        .iter()
        .map(|it| {
            format!(
                "{} {}/{}",
                it["kind"], it["metadata"]["namespace"], it["metadata"]["name"]
            )
        })
        .collect();
    names.sort();
    names
}

//! Bad input: each is refused with the object, the path and what to do, and nothing changes.

use anyhow::{Result, bail, ensure};

use crate::world::World;

/// What is wrong, the manifest, and words that the answer must have.
const CASES: &[(&str, &str, &[&str])] = &[
    (
        "a malformed document",
        "kind: Component\n  name: [",
        &["e2e.yaml"],
    ),
    (
        "an unknown kind",
        "apiVersion: openchoreo.dev/v1alpha1\nkind: Componnent\nmetadata: {name: x}\nspec: {}\n",
        &["Componnent"],
    ),
    (
        "an unknown field",
        "apiVersion: openchoreo.dev/v1alpha1\nkind: Component\nmetadata: {name: x, namespace: default}\nspec:\n  owner: {projectName: greeter}\n  componentType: {kind: ClusterComponentType, name: deployment/service}\n  autoDeplooy: true\n",
        &["autoDeplooy"],
    ),
    (
        "a template that does not parse",
        "apiVersion: openchoreo.dev/v1alpha1\nkind: ComponentType\nmetadata: {name: broken, namespace: default}\nspec:\n  workloadType: deployment\n  resources:\n    - id: deployment\n      template:\n        apiVersion: apps/v1\n        kind: Deployment\n        metadata: {name: \"${metadata.}\"}\n",
        &["broken", "resources"],
    ),
];

pub(crate) fn walk(world: &World) -> Result<()> {
    for (what, manifest, words) in CASES {
        let Err(error) = world.apply(manifest) else {
            bail!("{what} is accepted")
        };
        let said = format!("{error:#}");
        for word in *words {
            ensure!(
                said.contains(word),
                "{what}: the answer does not name {word}: {said}"
            );
        }
        println!("   {what} is refused, and the answer says where");
    }
    missing_reference(world)
}

/// What refers to nothing yet is kept, and its condition says what is missing.
fn missing_reference(world: &World) -> Result<()> {
    let manifest = "apiVersion: openchoreo.dev/v1alpha1\nkind: Component\nmetadata: {name: lonely, namespace: default}\nspec:\n  owner: {projectName: greeter}\n  componentType: {kind: ClusterComponentType, name: deployment/no-such-type}\n  autoDeploy: true\n";
    match world.apply(manifest) {
        Err(error) => {
            let said = format!("{error:#}");
            ensure!(
                said.contains("no-such-type"),
                "the answer does not name the type: {said}"
            );
        }
        Ok(_) => {
            crate::wait::until(
                crate::world::LIMIT,
                "a condition names the missing type",
                || {
                    let component = world.api("/namespaces/default/components/lonely")?;
                    let said = component["status"]["conditions"].to_string();
                    ensure!(said.contains("no-such-type"), "conditions: {said}");
                    Ok(())
                },
            )?;
            world.quintet(&["delete", "component", "lonely"])?;
        }
    }
    println!("   a missing reference is named");
    Ok(())
}

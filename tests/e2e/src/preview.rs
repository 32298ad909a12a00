//! Preview: what a change would do is told for every environment before it is made, and nothing changes.

use anyhow::{Context, Result, ensure};

use crate::world::World;

pub(crate) fn walk(world: &World) -> Result<()> {
    let before = world.is_ready("greeter", "development")?;
    let sample = world.home.root().join("samples/greeter/greeter.yaml");
    let manifest = std::fs::read_to_string(&sample).context("the sample")?;
    let file = world.folder.data("preview.yaml");
    let text = file.to_string_lossy();
    std::fs::write(&file, &manifest)?;
    let same = world.quintet(&["diff", "-f", &text])?;
    ensure!(
        same.contains("nothing differs"),
        "the sample itself: {same}"
    );
    std::fs::write(&file, manifest.replace("value: Hello", "value: Welcome"))?;
    let output = world
        .quintet_command()?
        .args(["diff", "-f", &text])
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.code() == Some(1),
        "it ends with {}",
        output.status
    );
    for part in ["development: component greeter", "+", "Welcome"] {
        ensure!(said.contains(part), "no {part:?} in {said}");
    }
    let after = world.is_ready("greeter", "development")?;
    ensure!(
        before["spec"] == after["spec"],
        "the preview changed the binding"
    );
    println!("   a change is told for the environments that it concerns, and not made");
    Ok(())
}

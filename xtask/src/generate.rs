//! Writes what is generated and committed. `ci` runs it and wants the tree unchanged.

use std::{fs, process::Command};

use anyhow::{Context, Result};

use crate::{command, home::Home, platform::plan::PLANES, progress::Progress};

/// A cargo command that writes files of the checkout.
struct Generator {
    what: &'static str,
    arguments: &'static [&'static str],
}

/// What other crates generate. A line here is all that a new generator needs.
const GENERATORS: &[Generator] = &[Generator {
    what: "model: JSON schemas",
    arguments: &[
        "run",
        "--quiet",
        "--package",
        "model",
        "--example",
        "generate",
    ],
}];

/// Runs every generator.
///
/// # Errors
/// One fails.
pub fn run(home: &Home, progress: &Progress) -> Result<()> {
    for generator in GENERATORS {
        if !exists(home, generator) {
            progress.line(&format!("{}: there is none yet", generator.what));
            continue;
        }
        let step = progress.step(generator.what);
        let log = home.logs().join("generate.log");
        command::logged(home.cargo().args(generator.arguments), &log, |line| {
            step.note(line)
        })?;
        step.done();
    }
    configuration(home, progress)
}

/// The schema of each plane's configuration.
fn configuration(home: &Home, progress: &Progress) -> Result<()> {
    let step = progress.step("configuration schemas");
    command::logged(
        home.cargo().args(["build", "--bins"]),
        &home.logs().join("generate.log"),
        |line| step.note(line),
    )?;
    let folder = home.root().join("docs/config");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for plane in PLANES {
        let mut binary = Command::new(home.binary("dev", plane));
        let schema = command::capture(binary.arg("--config-schema"))?;
        let file = folder.join(format!("{plane}.schema.json"));
        fs::write(&file, schema).with_context(|| file.display().to_string())?;
    }
    step.done();
    Ok(())
}

fn exists(home: &Home, generator: &Generator) -> bool {
    let named = |flag: &str| {
        let at = generator.arguments.iter().position(|it| *it == flag)?;
        generator.arguments.get(at + 1).copied()
    };
    let (Some(package), Some(example)) = (named("--package"), named("--example")) else {
        return true;
    };
    let folders = [format!("crates/{package}"), package.to_owned()];
    folders.iter().any(|it| {
        home.root()
            .join(it)
            .join("examples")
            .join(format!("{example}.rs"))
            .is_file()
    })
}

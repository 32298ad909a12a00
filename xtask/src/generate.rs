//! Writes what is generated and committed. `ci` runs it and wants the tree unchanged.

use std::{fs, process::Command};

use anyhow::{Context, Result};

use crate::{command, home::Home, platform::plan::PLANES, progress::Progress};

/// An example of a crate that writes files of the checkout, and leaves those alone that are right.
struct Generator {
    what: &'static str,
    package: &'static str,
    example: &'static str,
}

/// What other crates generate. A line here is all that a new generator needs.
const GENERATORS: &[Generator] = &[
    Generator {
        what: "JSON schemas of the kinds",
        package: "model",
        example: "schemas",
    },
    Generator {
        what: "fixtures of the kinds",
        package: "model",
        example: "fixtures",
    },
];

/// Runs every generator.
///
/// # Errors
/// One fails.
pub fn run(home: &Home, progress: &Progress) -> Result<()> {
    for Generator {
        what,
        package,
        example,
    } in GENERATORS
    {
        let step = progress.step(*what);
        let log = home.logs().join("generate.log");
        let mut cargo = home.cargo();
        cargo.args(["run", "--quiet", "--package", package, "--example", example]);
        command::logged(&mut cargo, &log, |line| step.note(line))?;
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
        let schema = format!("{}\n", schema.trim_end());
        let file = folder.join(format!("{plane}.schema.json"));
        fs::write(&file, schema).with_context(|| file.display().to_string())?;
    }
    step.done();
    Ok(())
}

//! Everything a change must pass, cheapest first.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{command, generate, home::Home, progress::Progress, test, tidy};

/// Runs every check.
///
/// # Errors
/// The first check that fails.
pub fn run(home: &Home) -> Result<()> {
    let progress = Progress::start();
    let cargo = |what: &str, arguments: &[&str]| {
        progress.line(what);
        command::run(home.cargo().args(arguments))
    };
    progress.line("format");
    format(home)?;
    progress.line("sizes and names");
    tidy::run(home.root())?;
    cargo(
        "layers",
        &["test", "--quiet", "--package", "xtask", "--test", "layers"],
    )?;
    licences(home, &progress)?;
    cargo(
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    )?;
    progress.line("documents");
    let mut doc = home.cargo();
    doc.args([
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]);
    command::run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    progress.line("generated files");
    let before = changes(home)?;
    generate::run(home, &progress)?;
    if changes(home)? != before {
        bail!("generated files differ: run `cargo xtask generate` and commit what it writes");
    }
    test::run(home, &test::Options::default())
}

/// Checks the files that git knows, for cargo does not see modules that a macro declares.
fn format(home: &Home) -> Result<()> {
    let listed = command::capture(
        Command::new("git")
            .current_dir(home.root())
            .args(["ls-files", "*.rs"]),
    )?;
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.current_dir(home.root());
    rustfmt.args(["--check", "--edition", "2024"]);
    command::run(rustfmt.args(listed.lines()))
}

fn licences(home: &Home, progress: &Progress) -> Result<()> {
    if !command::on_path("cargo-deny") {
        bail!("cargo-deny is missing: cargo install --locked cargo-deny");
    }
    progress.line("bans, licences, sources");
    command::run(
        home.cargo()
            .args(["deny", "check", "bans", "licenses", "sources"]),
    )
}

/// What differs from the last commit, with content.
fn changes(home: &Home) -> Result<String> {
    let git = |arguments: &[&str]| {
        command::capture(Command::new("git").current_dir(home.root()).args(arguments))
    };
    Ok(git(&["status", "--porcelain"])? + &git(&["diff", "HEAD"])?)
}

//! Follow a log line: a request's line is there by `quintet logs` and by the Observer call.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use xtask::platform::sample;

use crate::{
    wait,
    world::{LIMIT, World},
};

/// How long no line may come for the past to be over.
const QUIET: Duration = Duration::from_secs(2);

pub(crate) fn walk(world: &World) -> Result<()> {
    let mark = format!("e2e-{}", std::process::id());
    let ask = || world.answers("development", &format!("/greeter-http/greet?name={mark}"));
    ask()?;
    wait::until(LIMIT, "the line is there", || {
        let said = world.quintet(&["logs", "greeter", "--environment", "development"])?;
        ensure!(
            said.contains("/greet"),
            "the log has {} lines",
            said.lines().count()
        );
        Ok(())
    })?;
    println!("   quintet logs has the request");
    follow(world, &ask)?;
    println!("   quintet logs --follow shows new ones as they come");
    wait::until(LIMIT, "the Observer has the line", || {
        let said = observer(world)?;
        ensure!(said.contains("/greet"), "the Observer answers {said}");
        Ok(())
    })?;
    println!("   the Observer has it");
    Ok(())
}

/// A line that is written after the command began comes through it.
fn follow(world: &World, ask: &dyn Fn() -> Result<String>) -> Result<()> {
    let mut command = world.quintet_command()?;
    command.args([
        "logs",
        "greeter",
        "--environment",
        "development",
        "--follow",
        "--tail",
        "1",
    ]);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("quintet logs")?;
    let out = child.stdout.take().context("its output")?;
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    // What is there already comes first, and then nothing.
    while lines.recv_timeout(QUIET).is_ok() {}
    let followed = wait::until(LIMIT, "a line comes", || {
        ask()?;
        match lines.recv_timeout(QUIET) {
            Ok(line) if line.contains("/greet") => Ok(()),
            other => bail!("nothing of the request: {other:?}"),
        }
    });
    child.kill()?;
    child.wait()?;
    followed.map(drop)
}

fn observer(world: &World) -> Result<String> {
    let token = sample::admin_token(&world.site())?;
    let body = serde_json::json!({
        "startTime": "2020-01-01T00:00:00Z",
        "endTime": "2100-01-01T00:00:00Z",
        "limit": 100,
        "searchScope": {
            "namespace": "default",
            "project": "greeter",
            "component": "greeter",
            "environment": "development",
        },
    });
    let observer = world
        .ports
        .address(xtask::platform::ports::Listener::Observer);
    let answer = xtask::http::write_as(
        observer,
        &token,
        "POST",
        "/api/v1/logs/query",
        &body.to_string(),
    )?;
    ensure!(
        answer.status == 200,
        "the Observer answers {}: {}",
        answer.status,
        answer.body
    );
    Ok(answer.body)
}

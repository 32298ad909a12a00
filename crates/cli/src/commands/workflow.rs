//! `workflow run`: starts a run and follows it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    api::Api,
    arguments::WorkflowCommand,
    output::{at, say},
};

/// How long a followed run may take.
const LIMIT: Duration = Duration::from_secs(3600);

pub(super) async fn run(api: &Api, namespace: &str, command: &WorkflowCommand) -> Result<()> {
    let WorkflowCommand::Run {
        workflow,
        name,
        namespaced,
        parameters,
        follow,
    } = command;
    #[expect(
        clippy::disallowed_methods,
        reason = "the time makes the name of a run unique"
    )]
    let now = Timestamp::try_from(std::time::SystemTime::now()).unwrap_or_default();
    let name = name
        .clone()
        .unwrap_or_else(|| format!("{workflow}-{}", now.as_millisecond()));
    let mut values = Map::new();
    for parameter in parameters {
        let (key, value) = parameter
            .split_once('=')
            .with_context(|| format!("{parameter:?} is not key=value"))?;
        values.insert(key.to_owned(), model::yaml::from_str(value)?);
    }
    let kind = if *namespaced {
        "Workflow"
    } else {
        "ClusterWorkflow"
    };
    let body = json!({
        "metadata": {"name": name},
        "spec": {"workflow": {"kind": kind, "name": workflow, "parameters": values}},
    });
    let runs = format!("/api/v1/namespaces/{namespace}/workflowruns");
    api.post(&runs, &body).await?;
    say(&format!("workflowrun/{name} created"));
    if *follow {
        self::follow(api, &format!("{runs}/{name}")).await
    } else {
        Ok(())
    }
}

/// Prints each change of a task until the run ends.
async fn follow(api: &Api, path: &str) -> Result<()> {
    let end = tokio::time::Instant::now() + LIMIT;
    let mut shown: Map<String, Value> = Map::new();
    while tokio::time::Instant::now() < end {
        let run = api.get(path).await?;
        for task in run["status"]["tasks"].as_array().into_iter().flatten() {
            let name = task["name"].as_str().unwrap_or_default();
            if shown.get(name) != Some(&task["phase"]) {
                say(&format!(
                    "  {name}: {}",
                    task["phase"].as_str().unwrap_or_default()
                ));
                shown.insert(name.to_owned(), task["phase"].clone());
            }
        }
        let condition = |name: &str, field: &str| {
            at(
                &run,
                &format!(r#".status.conditions[?(@.type=="{name}")].{field}"#),
            )
        };
        if condition("WorkflowSucceeded", "status") == "True" {
            say("Succeeded");
            return Ok(());
        }
        if condition("WorkflowFailed", "status") == "True" {
            bail!("Failed: {}", condition("WorkflowFailed", "message"));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    bail!("the run has not ended within {LIMIT:?}")
}

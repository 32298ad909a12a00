//! Reading the status of an Argo `Workflow` as the plane reports it.

use jiff::Timestamp;
use serde_json::Value;

use model::kinds::workflow_run::{RunTask, TaskPhase};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
}

/// What the status says.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) phase: Phase,
    pub(super) message: String,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    /// Steps that ran as pods, in their order.
    pub(super) tasks: Vec<RunTask>,
}

pub(super) fn progress(status: Option<&Value>) -> Progress {
    let empty = Value::Null;
    let status = status.unwrap_or(&empty);
    let phase = match text(status, "phase") {
        "Succeeded" => Phase::Succeeded,
        "Failed" | "Error" => Phase::Failed,
        "Running" => Phase::Running,
        _ => Phase::Pending,
    };
    Progress {
        phase,
        message: text(status, "message").to_owned(),
        started_at: time(status, "startedAt"),
        finished_at: time(status, "finishedAt"),
        tasks: tasks(status),
    }
}

fn tasks(status: &Value) -> Vec<RunTask> {
    let Some(nodes) = status.get("nodes").and_then(Value::as_object) else {
        return Vec::new();
    };
    let mut pods: Vec<_> = nodes
        .values()
        .filter(|node| text(node, "type") == "Pod")
        .collect();
    pods.sort_by_key(|node| (step(text(node, "name")), text(node, "name").to_owned()));
    pods.into_iter()
        .map(|node| RunTask {
            name: task_name(node),
            phase: TaskPhase::ALL
                .iter()
                .copied()
                .find(|phase| phase.as_str() == text(node, "phase")),
            started_at: time(node, "startedAt"),
            completed_at: time(node, "finishedAt"),
            message: Some(text(node, "message").to_owned()).filter(|message| !message.is_empty()),
        })
        .collect()
}

/// The name of the step: what follows the last dot of `run[0].build`, else the display name.
fn task_name(node: &Value) -> String {
    let name = text(node, "name");
    match name.rsplit_once('.') {
        Some((_, task)) if !task.is_empty() => task.to_owned(),
        _ => match text(node, "displayName") {
            "" => name.to_owned(),
            display => display.to_owned(),
        },
    }
}

/// The number in the last brackets of a node name; steps without one come last.
fn step(name: &str) -> u64 {
    name.rsplit_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or(u64::MAX)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn time(value: &Value, field: &str) -> Option<Timestamp> {
    text(value, field).parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tasks_are_pods_in_the_order_of_their_steps() {
        let pod = |name: &str, phase: &str| json!({"type": "Pod", "name": name, "phase": phase});
        let status = json!({
            "phase": "Failed", "message": "child failed", "startedAt": "2026-01-01T00:00:00Z",
            "nodes": {
                "a": pod("run[1].push", "Failed"),
                "b": pod("run[0].build", "Succeeded"),
                "c": {"type": "Steps", "name": "run"},
            },
        });
        let progress = progress(Some(&status));
        assert_eq!(progress.phase, Phase::Failed);
        let names: Vec<_> = progress
            .tasks
            .iter()
            .map(|task| task.name.as_str())
            .collect();
        assert_eq!(names, ["build", "push"]);
    }
}

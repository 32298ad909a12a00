//! Step 12: what is said about a unit. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{Head, Health, ObjectReport, Policy, StatusReport, UnitPhase};
use serde_json::{Value, json};

use crate::health;

/// Largest live status that a report carries.
const MAX_STATUS: usize = 16 * 1024;

/// What became of writing a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Problems by the id of the object.
    pub(crate) problems: BTreeMap<String, String>,
    /// What the unit waits for; empty when it does not wait.
    pub(crate) waits: String,
    /// Whether everything was written.
    pub(crate) applied: bool,
}

/// An object of the unit as it is live, if it is.
pub(crate) struct Seen<'a> {
    pub(crate) id: &'a str,
    pub(crate) policy: Policy,
    pub(crate) report_status: bool,
    pub(crate) desired: &'a Value,
    pub(crate) live: Option<&'a Value>,
}

pub(crate) fn report(head: &Head, outcome: &Outcome, objects: &[Seen<'_>], now: Timestamp) -> StatusReport {
    let objects: Vec<ObjectReport> = objects.iter().map(|seen| object(seen, outcome, now)).collect();
    let failed = outcome.problems.iter().next();
    let (phase, message) = match failed {
        Some((id, problem)) => (UnitPhase::Failed, format!("{id}: {problem}")),
        None if !outcome.waits.is_empty() => (UnitPhase::Applying, outcome.waits.clone()),
        None if outcome.applied => (UnitPhase::Applied, String::new()),
        None => (UnitPhase::Applying, String::new()),
    };
    StatusReport { phase, message, objects, ..bare(head, UnitPhase::Applying) }
}

/// A report without objects; plane, epoch and sequence are the link's to set.
pub(crate) fn bare(head: &Head, phase: UnitPhase) -> StatusReport {
    StatusReport {
        unit: head.unit.clone(),
        plane: head.plane.clone(),
        epoch: 0,
        sequence: 0,
        revision: head.revision,
        target: head.target,
        phase,
        message: String::new(),
        objects: Vec::new(),
    }
}

fn object(seen: &Seen<'_>, outcome: &Outcome, now: Timestamp) -> ObjectReport {
    let text = |path: &str| seen.desired.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let (group, version) = text("/apiVersion").rsplit_once('/').unwrap_or(("", text("/apiVersion")));
    let problem = outcome.problems.get(seen.id);
    let (health, message) = match (problem, seen.live) {
        (Some(problem), _) => (Health::Degraded, problem.clone()),
        (None, Some(live)) => {
            let verdict = health::of(live);
            (verdict.health, verdict.message)
        }
        // What is only kept there is not watched.
        (None, None) if seen.policy == Policy::Keep && outcome.applied => (Health::Healthy, String::new()),
        (None, None) => (Health::Unknown, String::new()),
    };
    ObjectReport {
        id: seen.id.to_owned(),
        group: group.to_owned(),
        version: version.to_owned(),
        kind: text("/kind").to_owned(),
        namespace: Some(text("/metadata/namespace").to_owned()).filter(|namespace| !namespace.is_empty()),
        name: text("/metadata/name").to_owned(),
        health,
        message,
        failed: problem.is_some(),
        status: seen.live.filter(|_| seen.report_status).and_then(status),
        observed_at: now,
    }
}

/// The live status, reduced where it is known to be large.
fn status(live: &Value) -> Option<Value> {
    let status = live.get("status")?;
    let reduced = match live["kind"].as_str() {
        Some("Workflow") => workflow(status),
        _ => status.clone(),
    };
    (reduced.to_string().len() <= MAX_STATUS).then_some(reduced)
}

/// Of an Argo workflow: phase, times, and the steps that are pods.
fn workflow(status: &Value) -> Value {
    const FIELDS: [&str; 7] =
        ["name", "displayName", "type", "phase", "startedAt", "finishedAt", "message"];
    let pick = |from: &Value, fields: &[&str]| -> Value {
        let kept = fields
            .iter()
            .filter_map(|field| Some(((*field).to_owned(), from.get(*field)?.clone())));
        Value::Object(kept.collect())
    };
    let mut reduced = pick(status, &["phase", "startedAt", "finishedAt", "message"]);
    let nodes = status.get("nodes").and_then(Value::as_object);
    let pods = nodes.into_iter().flatten().filter(|(_, node)| node["type"] == "Pod");
    let pods: serde_json::Map<String, Value> =
        pods.map(|(id, node)| (id.clone(), pick(node, &FIELDS))).collect();
    reduced["nodes"] = json!(pods);
    reduced
}

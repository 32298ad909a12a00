//! What runs: deployments and their like, pods, jobs, workflows.

use serde_json::Value;

use model::Health;

use super::{Verdict, behind, conditions::Conditions};

fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

/// Replicas that are wanted; one where nothing is said.
fn wanted(object: &Value) -> i64 {
    object
        .pointer("/spec/replicas")
        .and_then(Value::as_i64)
        .unwrap_or(1)
}

/// Progressing, if the controller has not seen the object at all or not its latest spec.
fn unseen(object: &Value) -> Option<Verdict> {
    let observed = number(object, "/status/observedGeneration");
    if observed == 0 {
        return Some(Verdict::progressing("its controller has not seen it yet"));
    }
    behind(object)
}

/// The rule of the reference, first match.
pub(super) fn deployment(object: &Value) -> Verdict {
    let replicas = wanted(object);
    if object.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        return Verdict::suspended("is paused");
    }
    if replicas == 0 {
        return Verdict::suspended("is scaled to zero");
    }
    if let Some(unseen) = unseen(object) {
        return unseen;
    }
    let conditions = Conditions::of(&object["status"]);
    if conditions.reason("Progressing") == "ProgressDeadlineExceeded" {
        return Verdict::degraded(conditions.message("Progressing"));
    }
    if let Some(message) = conditions.when("ReplicaFailure", "True") {
        return Verdict::degraded(message);
    }
    let count = |name: &str| number(object, &format!("/status/{name}"));
    let (updated, available, ready) = (
        count("updatedReplicas"),
        count("availableReplicas"),
        count("readyReplicas"),
    );
    let unavailable = count("unavailableReplicas");
    let progress = format!("{available} of {replicas} replicas are available");
    if updated == replicas && available == 0 {
        let on_its_way = conditions.status("Progressing") == Some("True")
            && conditions.reason("Progressing") != "NewReplicaSetAvailable";
        return if on_its_way {
            Verdict::progressing(progress)
        } else {
            Verdict::degraded(progress)
        };
    }
    let unavailable_for_long = conditions
        .status("Available")
        .is_some_and(|it| it != "True");
    if unavailable_for_long && ready > 0 && unavailable > 0 {
        return Verdict::degraded(progress);
    }
    let surplus = count("replicas") > updated;
    if updated == replicas
        && available == replicas
        && ready == replicas
        && unavailable == 0
        && !surplus
    {
        return Verdict::healthy();
    }
    Verdict::progressing(progress)
}

pub(super) fn stateful_set(object: &Value) -> Verdict {
    let replicas = wanted(object);
    if replicas == 0 {
        return Verdict::suspended("is scaled to zero");
    }
    if let Some(unseen) = unseen(object) {
        return unseen;
    }
    let ready = number(object, "/status/readyReplicas");
    let updated = number(object, "/status/updatedReplicas");
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition");
    let on_delete = object
        .pointer("/spec/updateStrategy/type")
        .is_some_and(|it| it == "OnDelete");
    let revision = |name: &str| {
        object
            .pointer(&format!("/status/{name}"))
            .and_then(Value::as_str)
    };
    let rolled_out = on_delete
        || revision("currentRevision") == revision("updateRevision")
        || updated >= (replicas - partition).max(0);
    match ready >= replicas && rolled_out && number(object, "/status/replicas") <= replicas {
        true => Verdict::healthy(),
        false => Verdict::progressing(format!("{ready} of {replicas} replicas are ready")),
    }
}

pub(super) fn daemon_set(object: &Value) -> Verdict {
    if let Some(unseen) = unseen(object) {
        return unseen;
    }
    let wanted = number(object, "/status/desiredNumberScheduled");
    let ready = number(object, "/status/numberReady");
    let updated = number(object, "/status/updatedNumberScheduled");
    match ready >= wanted && updated >= wanted {
        true => Verdict::healthy(),
        false => Verdict::progressing(format!("{ready} of {wanted} nodes are ready")),
    }
}

pub(super) fn replica_set(object: &Value) -> Verdict {
    let (replicas, ready) = (wanted(object), number(object, "/status/readyReplicas"));
    if let Some(behind) = behind(object) {
        return behind;
    }
    if let Some(message) = Conditions::of(&object["status"]).when("ReplicaFailure", "True") {
        return Verdict::degraded(message);
    }
    match ready == replicas {
        true => Verdict::healthy(),
        false => Verdict::progressing(format!("{ready} of {replicas} replicas are ready")),
    }
}

/// Reasons for which a container waits and that do not pass by themselves.
const STUCK: [&str; 7] = [
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "CreateContainerError",
];

pub(super) fn pod(object: &Value) -> Verdict {
    let statuses = ["/status/initContainerStatuses", "/status/containerStatuses"];
    let all = statuses
        .iter()
        .flat_map(|at| object.pointer(at).and_then(Value::as_array))
        .flatten();
    let stuck = all
        .filter_map(|it| it.pointer("/state/waiting"))
        .find(|waiting| {
            waiting["reason"]
                .as_str()
                .is_some_and(|reason| STUCK.contains(&reason))
        });
    let phase = object
        .pointer("/status/phase")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let message = || {
        let text = |name: &str| object["status"][name].as_str().filter(|it| !it.is_empty());
        text("message")
            .or_else(|| text("reason"))
            .unwrap_or_default()
            .to_owned()
    };
    if let Some(waiting) = stuck
        && ["Running", "Pending"].contains(&phase)
    {
        return Verdict::degraded(waiting["reason"].as_str().unwrap_or_default());
    }
    let ready = object
        .pointer("/status/containerStatuses")
        .and_then(Value::as_array);
    match phase {
        "Succeeded" => Verdict::healthy(),
        "Failed" => Verdict::degraded(message()),
        "Running" if ready.is_some_and(|it| it.iter().all(|it| it["ready"] == true)) => {
            Verdict::healthy()
        }
        "Running" => Verdict::progressing("not all containers are ready"),
        "Pending" => Verdict::progressing(message()),
        _ => Verdict::new(Health::Unknown, message()),
    }
}

/// A job is done, failed, held back or under way; the reference cannot tell these apart.
pub(super) fn job(object: &Value) -> Verdict {
    let conditions = Conditions::of(&object["status"]);
    if conditions.status("Complete") == Some("True") {
        return Verdict::healthy();
    }
    if let Some(message) = conditions.when("Failed", "True") {
        return Verdict::degraded(message);
    }
    if object.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return Verdict::suspended("is suspended");
    }
    Verdict::progressing("has not completed yet")
}

pub(super) fn cron_job(object: &Value) -> Verdict {
    if object.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return Verdict::suspended("is suspended");
    }
    let active = object.pointer("/status/active").and_then(Value::as_array);
    if active.is_some_and(|it| !it.is_empty()) {
        return Verdict::progressing("a job is running");
    }
    match object.pointer("/status/lastScheduleTime") {
        Some(_) => Verdict::healthy(),
        None => Verdict::progressing("has not run yet"),
    }
}

pub(super) fn workflow(object: &Value) -> Verdict {
    let message = object
        .pointer("/status/message")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match object
        .pointer("/status/phase")
        .and_then(Value::as_str)
        .unwrap_or_default()
    {
        "Succeeded" => Verdict::healthy(),
        "Failed" | "Error" => Verdict::degraded(message),
        "" => Verdict::progressing("has not started yet"),
        _ => Verdict::progressing(message),
    }
}

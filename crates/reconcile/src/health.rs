//! How an object fares, by its kind: the rules of kstatus, and those of the reference where it has any.
//!
//! Pure. A kind that is understood by none of these rules is `Unknown`: that an object exists says nothing about
//! whether it works. The message says why, in the words of whoever wrote the status.

mod conditions;
mod gateway;
mod workload;

use serde_json::Value;

use model::Health;

use self::conditions::Conditions;

/// How an object fares, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How it fares.
    pub health: Health,
    /// Why; empty when there is nothing to say.
    pub message: String,
}

impl Verdict {
    pub(crate) fn new(health: Health, message: impl Into<String>) -> Self {
        Self {
            health,
            message: message.into(),
        }
    }

    pub(crate) fn healthy() -> Self {
        Self::new(Health::Healthy, "")
    }

    pub(crate) fn progressing(message: impl Into<String>) -> Self {
        Self::new(Health::Progressing, message)
    }

    pub(crate) fn degraded(message: impl Into<String>) -> Self {
        Self::new(Health::Degraded, message)
    }

    pub(crate) fn suspended(message: impl Into<String>) -> Self {
        Self::new(Health::Suspended, message)
    }
}

/// How a live object fares.
#[must_use]
pub fn of(object: &Value) -> Verdict {
    if object.pointer("/metadata/deletionTimestamp").is_some() {
        return Verdict::progressing(deletion(object));
    }
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let kind = object["kind"].as_str().unwrap_or_default();
    match (group, kind) {
        ("apps", "Deployment") => workload::deployment(object),
        ("apps", "StatefulSet") => workload::stateful_set(object),
        ("apps", "DaemonSet") => workload::daemon_set(object),
        ("apps", "ReplicaSet") => workload::replica_set(object),
        ("", "Pod") => workload::pod(object),
        ("batch", "Job") => workload::job(object),
        ("batch", "CronJob") => workload::cron_job(object),
        ("argoproj.io", "Workflow") => workload::workflow(object),
        ("gateway.networking.k8s.io", "Gateway") => gateway::gateway(object),
        ("gateway.networking.k8s.io", kind) if kind.ends_with("Route") => gateway::route(object),
        ("", "PersistentVolumeClaim") => claim(object),
        ("", "Namespace") => namespace(object),
        ("", "Service") => service(object),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        _ if works_by_existing(group) => Verdict::healthy(),
        _ => by_conditions(object),
    }
}

/// Whether an object of a kind that runs to an end has come to it.
#[must_use]
pub fn has_ended(object: &Value) -> bool {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let runs_to_an_end = match object["kind"].as_str().unwrap_or_default() {
        "Workflow" => api_version.starts_with("argoproj.io/"),
        "Job" => api_version.starts_with("batch/"),
        _ => false,
    };
    runs_to_an_end && matches!(of(object).health, Health::Healthy | Health::Degraded)
}

/// What a deletion waits for.
#[must_use]
pub fn deletion(object: &Value) -> String {
    let finalizers = object
        .pointer("/metadata/finalizers")
        .and_then(Value::as_array);
    let names: Vec<&str> = finalizers
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match names.is_empty() {
        true => "is being deleted".to_owned(),
        false => format!(
            "is being deleted; waits for the finalizers {}",
            names.join(", ")
        ),
    }
}

/// Kinds of Kubernetes itself that have no state beyond what they say.
fn works_by_existing(group: &str) -> bool {
    const GROUPS: [&str; 12] = [
        "",
        "apps",
        "autoscaling",
        "batch",
        "discovery.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "admissionregistration.k8s.io",
    ];
    GROUPS.contains(&group)
}

/// The rule of kstatus for kinds that nobody knows but whose status follows the conventions.
fn by_conditions(object: &Value) -> Verdict {
    if let Some(behind) = behind(object) {
        return behind;
    }
    let conditions = Conditions::of(&object["status"]);
    if let Some(message) = conditions
        .when("Stalled", "True")
        .or(conditions.when("Failed", "True"))
    {
        return Verdict::degraded(message);
    }
    if let Some(message) = conditions
        .when("Reconciling", "True")
        .or(conditions.when("Progressing", "True"))
    {
        return Verdict::progressing(message);
    }
    for kind in ["Ready", "Available", "Programmed", "Healthy", "Synced"] {
        match conditions.status(kind) {
            Some("True") => return Verdict::healthy(),
            Some("False") => return Verdict::degraded(conditions.message(kind)),
            Some(_) => return Verdict::progressing(conditions.message(kind)),
            None => {}
        }
    }
    Verdict::new(Health::Unknown, "nobody knows what makes this kind healthy")
}

/// Progressing, if its controller has not seen the latest spec yet.
pub(crate) fn behind(object: &Value) -> Option<Verdict> {
    let generation = object.pointer("/metadata/generation")?.as_i64()?;
    let observed = object.pointer("/status/observedGeneration")?.as_i64()?;
    (observed < generation)
        .then(|| Verdict::progressing("its controller has not seen the latest change yet"))
}

fn claim(object: &Value) -> Verdict {
    match object.pointer("/status/phase").and_then(Value::as_str) {
        Some("Bound") => Verdict::healthy(),
        Some("Lost") => Verdict::degraded("its volume is lost"),
        _ => Verdict::progressing("waits for a volume"),
    }
}

fn namespace(object: &Value) -> Verdict {
    match object.pointer("/status/phase").and_then(Value::as_str) {
        Some("Terminating") => Verdict::progressing("is being deleted"),
        _ => Verdict::healthy(),
    }
}

fn service(object: &Value) -> Verdict {
    let balanced = object
        .pointer("/spec/type")
        .is_some_and(|it| it == "LoadBalancer");
    let addresses = object
        .pointer("/status/loadBalancer/ingress")
        .and_then(Value::as_array);
    match balanced && addresses.is_none_or(Vec::is_empty) {
        true => Verdict::progressing("waits for the address of its load balancer"),
        false => Verdict::healthy(),
    }
}

fn autoscaler(object: &Value) -> Verdict {
    let conditions = Conditions::of(&object["status"]);
    match conditions
        .when("AbleToScale", "False")
        .or(conditions.when("ScalingActive", "False"))
    {
        // Without metrics yet, or scaled to zero: an autoscaler that cannot act now harms nothing that runs.
        Some(message) => Verdict::progressing(message),
        None => Verdict::healthy(),
    }
}

fn definition(object: &Value) -> Verdict {
    let conditions = Conditions::of(&object["status"]);
    match (
        conditions.status("Established"),
        conditions.when("NamesAccepted", "False"),
    ) {
        (_, Some(message)) => Verdict::degraded(message),
        (Some("True"), _) => Verdict::healthy(),
        _ => Verdict::progressing("is not served yet"),
    }
}

#[cfg(test)]
mod tests;

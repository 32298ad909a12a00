//! Step 10: the order in which the objects of a bundle are written. Pure.
//!
//! What others depend on goes first; a stage begins when the one before is done.

use model::BundleObject;
use serde_json::Value;

/// The stages, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Definitions and namespaces.
    Ground,
    /// Policies, accounts, rights, secrets, configuration, claims.
    Configuration,
    /// Services and routes.
    Network,
    /// What runs.
    Workloads,
    /// What acts on what runs.
    Controls,
}

/// The stage of an object.
#[must_use]
pub fn stage_of(object: &Value) -> Stage {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    let group = text("apiVersion").rsplit_once('/').map_or("", |(group, _)| group);
    match (group, text("kind")) {
        ("apiextensions.k8s.io", _) | ("", "Namespace") => Stage::Ground,
        ("", "Service") | ("gateway.networking.k8s.io", _) | ("networking.k8s.io", "Ingress") => Stage::Network,
        ("apps" | "batch" | "argoproj.io", _) | ("", "Pod") => Stage::Workloads,
        ("autoscaling" | "keda.sh" | "admissionregistration.k8s.io", _)
        | ("policy", "PodDisruptionBudget") => Stage::Controls,
        _ => Stage::Configuration,
    }
}

/// The objects in stages; empty stages are left out.
#[must_use]
pub fn stages(objects: &[BundleObject]) -> Vec<Vec<&BundleObject>> {
    let mut sorted: Vec<(Stage, &BundleObject)> =
        objects.iter().map(|object| (stage_of(&object.object), object)).collect();
    sorted.sort_by_key(|(stage, _)| *stage);
    let groups = sorted.chunk_by(|(left, _), (right, _)| left == right);
    groups.map(|group| group.iter().map(|(_, object)| *object).collect()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_others_depend_on_goes_first() {
        let stage = |api_version: &str, kind: &str| stage_of(&json!({"apiVersion": api_version, "kind": kind}));
        assert!(stage("v1", "Namespace") < stage("networking.k8s.io/v1", "NetworkPolicy"));
        assert!(stage("networking.k8s.io/v1", "NetworkPolicy") < stage("apps/v1", "Deployment"));
        assert!(stage("v1", "Service") < stage("apps/v1", "Deployment"));
        assert!(stage("apps/v1", "Deployment") < stage("autoscaling/v2", "HorizontalPodAutoscaler"));
    }
}

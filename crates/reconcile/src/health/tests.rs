use serde_json::json;

use super::*;

fn check(object: Value, health: Health) {
    assert_eq!(of(&object).health, health, "{object}");
}

fn recorded() -> Vec<Value> {
    let text = include_str!("../../tests/data/health.jsonl");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The rows hold what the functions of the reference were given, which is not always a whole object.
fn whole(row: &Value) -> Option<Value> {
    let (api_version, kind) = match row["fn"].as_str()?.rsplit_once('.')?.1 {
        "getDeploymentHealth" => ("apps/v1", "Deployment"),
        "getStatefulSetHealth" => ("apps/v1", "StatefulSet"),
        "getPodHealth" => ("v1", "Pod"),
        "getCronJobHealth" => ("batch/v1", "CronJob"),
        "getUnknownResourceHealth" => ("v1", "ConfigMap"),
        _ => return None,
    };
    let mut object = row["input"]["obj"].clone();
    if object.get("kind").is_none() {
        object["apiVersion"] = api_version.into();
        object["kind"] = kind.into();
    }
    Some(object)
}

#[test]
fn workloads_fare_as_the_reference_says() {
    let mut checked = 0;
    for row in recorded() {
        let Some(object) = whole(&row) else { continue };
        let health = of(&object).health;
        assert_eq!(
            row["output"]["result"],
            format!("{health:?}"),
            "{}",
            row["id"]
        );
        checked += 1;
    }
    assert_eq!(checked, 20);
}

#[test]
fn a_failed_job_is_degraded_and_a_running_one_progresses() {
    let job = |status: Value| json!({"apiVersion": "batch/v1", "kind": "Job", "spec": {}, "status": status});
    check(job(json!({})), Health::Progressing);
    check(
        job(json!({"conditions": [{"type": "Failed", "status": "True"}]})),
        Health::Degraded,
    );
    check(
        job(json!({"conditions": [{"type": "Complete", "status": "True"}]})),
        Health::Healthy,
    );
}

#[test]
fn a_stateful_set_scaled_to_zero_is_suspended() {
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"replicas": 0}});
    check(set, Health::Suspended);
}

#[test]
fn a_route_is_healthy_once_its_gateways_accept_it() {
    let route = |parents: Value| {
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"generation": 2},
               "status": {"parents": parents}})
    };
    let parent = |status: &str, seen: i64| json!([{"conditions": [{"type": "Accepted", "status": status, "observedGeneration": seen}]}]);
    check(route(json!([])), Health::Progressing);
    check(route(parent("True", 1)), Health::Progressing);
    check(route(parent("True", 2)), Health::Healthy);
    check(route(parent("False", 2)), Health::Degraded);
}

#[test]
fn what_nobody_understands_is_unknown_unless_it_follows_the_conventions() {
    let custom =
        |status: Value| json!({"apiVersion": "x.test/v1", "kind": "Thing", "status": status});
    check(custom(json!({})), Health::Unknown);
    check(
        custom(json!({"conditions": [{"type": "Ready", "status": "True"}]})),
        Health::Healthy,
    );
    check(
        custom(json!({"conditions": [{"type": "Ready", "status": "False"}]})),
        Health::Degraded,
    );
    check(
        custom(json!({"conditions": [{"type": "Stalled", "status": "True"}]})),
        Health::Degraded,
    );
}

#[test]
fn a_deletion_names_what_it_waits_for() {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"]}});
    assert_eq!(
        of(&object).message,
        "is being deleted; waits for the finalizers a/b"
    );
}

#[test]
fn no_object_makes_it_fail() {
    for value in [
        json!(null),
        json!([]),
        json!({"status": 1}),
        json!({"kind": 7, "apiVersion": {}}),
    ] {
        let _ = of(&value);
    }
}

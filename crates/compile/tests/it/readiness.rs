//! Readiness by workload type against the recorded verdicts.

use serde_json::{Value, json};

use compile::readiness::{Category, categorize, evaluate};
use model::ObjectReport;

use testkit::compat::Table;

fn reports(list: &Value) -> Vec<ObjectReport> {
    let entries = list.as_array().cloned().unwrap_or_default();
    let entries = entries.into_iter().map(|mut entry| {
        entry["health"] = entry["healthStatus"].clone();
        entry["observedAt"] = json!("2026-01-01T00:00:00Z");
        serde_json::from_value(entry).unwrap()
    });
    entries.collect()
}

#[test]
fn verdicts_are_those_of_the_reference() {
    for (function, workload_type) in [
        ("releasebinding.evaluateDeploymentStatus", "deployment"),
        ("releasebinding.evaluateStatefulSetStatus", "statefulset"),
        ("releasebinding.evaluateCronJobStatus", "cronjob"),
        ("releasebinding.evaluateJobStatus", "job"),
        ("releasebinding.evaluateGenericStatus", "proxy"),
    ] {
        Table::of("binding-status.jsonl", function).check(|row| {
            let own = evaluate(workload_type, &reports(&row["input"]["resources"]));
            let own = json!({"ready": own.ready, "reason": own.reason, "message": own.message});
            if own == row["output"] {
                Ok(())
            } else {
                Err(format!("{own} not {}", row["output"]))
            }
        });
    }
}

#[test]
fn objects_play_the_parts_of_the_reference() {
    Table::of("binding-status.jsonl", "releasebinding.categorizeResource").check(|row| {
        let input = &row["input"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (group, kind) = (text(&input["gvk"]["group"]), text(&input["gvk"]["kind"]));
        let own = match categorize(&text(&input["workloadType"]), &group, &kind) {
            Category::Primary => "primary-workload",
            Category::Supporting => "supporting",
            Category::Operational => "operational",
            Category::Ignored => "no-status",
        };
        if row["output"]["result"] == own {
            Ok(())
        } else {
            Err(own.to_owned())
        }
    });
}

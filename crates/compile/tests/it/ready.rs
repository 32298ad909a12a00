//! The condition `Ready` of bindings against what the reference sets.

use serde_json::{Value, json};

use compile::ready::{self, Ready};
use model::{Condition, Conditions};

use testkit::compat::{Table, agree};

fn conditions(binding: &Value) -> Result<Conditions, String> {
    let list = binding["status"]["conditions"].as_array();
    let mut conditions = Conditions::default();
    for condition in list.into_iter().flatten() {
        let mut condition = condition.clone();
        condition["lastTransitionTime"] = json!("2026-01-01T00:00:00Z");
        let condition: Condition =
            serde_json::from_value(condition).map_err(|error| error.to_string())?;
        conditions.set(condition);
    }
    Ok(conditions)
}

fn check(file: &str, function: &str, binding: &str, decide: fn(&Conditions) -> Ready) {
    Table::of(file, function).check(|row| {
        let ready = decide(&conditions(&row["input"][binding])?);
        let own = json!({"status": if ready.holds { "True" } else { "False" },
            "reason": ready.reason, "message": ready.message});
        let after = row["after"][binding]["status"]["conditions"].as_array();
        let after = after.into_iter().flatten().find(|it| it["type"] == "Ready");
        let after = after.ok_or("the reference sets none")?;
        let fields = ["status", "reason", "message"];
        let after: Value = (fields.into_iter())
            .map(|field| (field.to_owned(), after[field].clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        agree(&own, &after)
    });
}

#[test]
fn a_release_binding_is_ready_when_the_reference_says_so() {
    check(
        "binding-status.jsonl",
        "releasebinding.Reconciler.setReadyCondition",
        "releaseBinding",
        ready::release_binding,
    );
}

#[test]
fn a_resource_release_binding_is_ready_when_the_reference_says_so() {
    check(
        "resource-binding.jsonl",
        "resourcereleasebinding.Reconciler.setReadyCondition",
        "binding",
        ready::resource_release_binding,
    );
}

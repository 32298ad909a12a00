//! Network policies against the recorded ones.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use compile::network_policy::{Params, Provider, make};
use model::kinds::endpoint::Endpoint;

use crate::compat::{check_rows, rows, same};

/// The reference's policy names the port of the Service, and so blocks what it should let in.
const DIFFERENCES: &[(&str, &str)] = &[(
    "golden|networkpolicy.MakeComponentPolicies|case/many-endpoints",
    "its container listens on another port than its Service: the policy names the container's",
)];

fn check(row: &Value) -> Result<(), String> {
    let params = &row["input"]["params"];
    let text = |name: &str| params[name].as_str().unwrap_or_default();
    let endpoints: BTreeMap<String, Endpoint> = match &params["endpoints"] {
        Value::Null => BTreeMap::new(),
        endpoints => {
            serde_json::from_value(endpoints.clone()).map_err(|error| error.to_string())?
        }
    };
    let policy = make(
        Provider::of(Some(text("provider"))),
        &Params {
            component: text("componentName"),
            platform_namespace: text("cpNamespace"),
            environment: text("environment"),
            cell: text("namespace"),
            pod_selectors: params["podSelectors"].as_object().unwrap(),
            endpoints: &endpoints,
        },
    );
    let expected = row["output"].get("result").unwrap_or(&row["output"]);
    let own = json!([policy]);
    if same(&own, expected) {
        Ok(())
    } else {
        Err(format!("\n     {own}\n not {expected}"))
    }
}

#[test]
fn policies_are_those_of_the_reference() {
    let mut all = rows("networkpolicy.jsonl", "networkpolicy.MakeComponentPolicies");
    all.extend(rows(
        "golden-networkpolicies.jsonl",
        "networkpolicy.MakeComponentPolicies",
    ));
    check_rows(&all, DIFFERENCES, check);
}

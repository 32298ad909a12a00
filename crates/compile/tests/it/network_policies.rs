//! Network policies against the recorded ones.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use compile::network_policy::{Params, Provider, make};
use model::kinds::endpoint::Endpoint;

use testkit::compat::{Difference, Table, agree, result};

/// The reference's policy names the port of the Service, and so blocks what it should let in.
const DIFFERENCES: &[Difference] = &[Difference {
    name: "container-ports",
    shows: |row| {
        let endpoints = row["input"]["params"]["endpoints"].as_object();
        let mut endpoints = endpoints.into_iter().flat_map(|map| map.values());
        endpoints.any(|endpoint| {
            let target = endpoint["targetPort"].as_u64().unwrap_or(0);
            target != 0 && endpoint["port"] != target
        })
    },
}];

fn check(row: &Value) -> Result<(), String> {
    let params = &row["input"]["params"];
    let text = |name: &str| params[name].as_str().unwrap_or_default();
    let endpoints: BTreeMap<String, Endpoint> = match &params["endpoints"] {
        Value::Null => BTreeMap::new(),
        endpoints => {
            serde_json::from_value(endpoints.clone()).map_err(|error| error.to_string())?
        }
    };
    let selectors = match compile::tree::of(&params["podSelectors"]) {
        expr::Value::Map(selectors) => (*selectors).clone(),
        other => return Err(format!("selectors that are no map: {other:?}")),
    };
    let policy = make(
        Provider::of(Some(text("provider"))),
        &Params {
            component: text("componentName"),
            platform_namespace: text("cpNamespace"),
            environment: text("environment"),
            cell: text("namespace"),
            pod_selectors: &selectors,
            endpoints: &endpoints,
        },
    );
    agree(&json!([policy.to_json()]), result(row))
}

#[test]
fn policies_are_those_of_the_reference() {
    for table in ["networkpolicy.jsonl", "golden-networkpolicies.jsonl"] {
        Table::of(table, "networkpolicy.MakeComponentPolicies")
            .but(DIFFERENCES)
            .check(check);
    }
}

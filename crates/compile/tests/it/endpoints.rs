//! URLs of endpoints against the recorded ones.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use compile::endpoints::resolve;
use model::kinds::{
    DataPlane, Environment, endpoint::Endpoint, release_binding::status::EndpointStatus,
};

use crate::compat::{check_rows, rows, same};

fn decode<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

fn resolved(row: &Value) -> Result<Vec<EndpointStatus>, String> {
    let input = &row["input"];
    let endpoints: BTreeMap<String, Endpoint> = match &input["endpoints"] {
        Value::Null => BTreeMap::new(),
        endpoints => decode(endpoints)?,
    };
    let mut plane = input["dataPlane"]["spec"].clone();
    let mut environment = input["environment"]["spec"].clone();
    for spec in [&mut plane, &mut environment] {
        if spec.is_null() {
            *spec = json!({});
        }
    }
    plane["clusterAgent"] = json!({"clientCA": {}});
    let (plane, environment): (DataPlane, Environment) = (decode(&plane)?, decode(&environment)?);
    let gateway = compile::endpoints::gateway(&environment, &plane);
    let objects: Vec<Value> = input["resources"]
        .as_array()
        .map(|resources| {
            resources
                .iter()
                .map(|entry| entry["object"].clone())
                .collect()
        })
        .unwrap_or_default();
    Ok(resolve(&endpoints, objects.iter(), gateway))
}

fn expected(row: &Value) -> Vec<Value> {
    let output = row["output"].get("result").unwrap_or(&row["output"]);
    output.as_array().cloned().unwrap_or_default()
}

/// Compares `part` of each endpoint; one that is not expected may have none of it.
fn compare(row: &Value, parts: &[&str]) -> Result<(), String> {
    let own = serde_json::to_value(resolved(row)?).unwrap();
    let own = own.as_array().unwrap();
    let find = |list: &[Value], name: &Value| {
        list.iter()
            .find(|entry| entry["name"] == *name)
            .cloned()
            .unwrap_or_default()
    };
    let expected = expected(row);
    for name in own.iter().chain(&expected).map(|entry| &entry["name"]) {
        let (left, right) = (find(own, name), find(&expected, name));
        if parts.iter().any(|part| !same(&left[*part], &right[*part])) {
            return Err(format!("\n     {left}\n not {right}"));
        }
    }
    Ok(())
}

const TABLES: [&str; 2] = ["endpoints.jsonl", "golden-endpoints.jsonl"];

#[test]
fn routes_give_urls_as_in_the_reference() {
    let function = "releasebinding.resolveEndpointURLStatuses";
    let all: Vec<_> = TABLES
        .iter()
        .flat_map(|table| rows(table, function))
        .collect();
    check_rows(&all, &[], |row| {
        compare(row, &["externalURLs", "internalURLs"])
    });
}

#[test]
fn services_give_urls_as_in_the_reference() {
    let function = "releasebinding.resolveServiceURLs";
    let all: Vec<_> = TABLES
        .iter()
        .flat_map(|table| rows(table, function))
        .collect();
    check_rows(&all, &[], |row| compare(row, &["serviceURL"]));
}

#[test]
fn an_endpoint_that_nothing_serves_is_left_out() {
    let row =
        json!({"input": {"endpoints": {"http": {"type": "HTTP", "port": 80}}, "resources": []}});
    assert_eq!(resolved(&row).unwrap(), []);
}

//! URLs of endpoints against the recorded ones.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use compile::endpoints::resolve;
use model::kinds::{
    DataPlane, Environment,
    endpoint::{Endpoint, EndpointType},
    release_binding::status::EndpointStatus,
};

use testkit::compat::{Difference, Table, agree, same};

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
    let gateway = compile::context::merged_gateway(&environment, &plane);
    Ok(resolve(&endpoints, objects(input).iter(), Some(&gateway)))
}

fn objects(input: &Value) -> Vec<Value> {
    let entries = input["resources"].as_array().into_iter().flatten();
    entries.map(|entry| entry["object"].clone()).collect()
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

/// There is no endpoint of another type: the definition lists them.
const UNKNOWN: Difference = Difference {
    name: "program-only",
    shows: |row| decode::<EndpointType>(&row["input"]["epType"]).is_err(),
};

const DIFFERENCES: &[Difference] = &[Difference {
    name: "one-gateway",
    shows: |row| {
        let input = &row["input"];
        let ingress = |names: [&str; 2]| {
            let of = names.iter().find_map(|name| input.get(*name));
            of.map_or(&Value::Null, |of| &of["spec"]["gateway"]["ingress"])
        };
        let (own, base) = (
            ingress(["environment", "env"]),
            ingress(["dataPlane", "dp"]),
        );
        let borrowed =
            |door: &str| own.is_object() && own.get(door).is_none() && base.get(door).is_some();
        let external = |object: &Value| {
            object["metadata"]["labels"]["openchoreo.dev/endpoint-visibility"] == "external"
        };
        let served = |object: &Value| {
            let name = object["metadata"]["labels"]["openchoreo.dev/endpoint-name"].as_str();
            object["spec"]["hostnames"].is_array()
                && name.is_some_and(|name| input["endpoints"].get(name).is_some())
        };
        let routes = objects(input).into_iter().filter(served);
        let doors: Vec<_> = match input["visibility"].as_str() {
            Some(visibility) => vec![visibility == "external"],
            None => routes.map(|route| external(&route)).collect(),
        };
        doors
            .into_iter()
            .any(|outside| borrowed(if outside { "external" } else { "internal" }))
    },
}];

const TABLES: [&str; 2] = ["endpoints.jsonl", "golden-endpoints.jsonl"];

#[test]
fn routes_give_urls_as_in_the_reference() {
    for table in TABLES {
        Table::of(table, "releasebinding.resolveEndpointURLStatuses")
            .but(DIFFERENCES)
            .check(|row| compare(row, &["externalURLs", "internalURLs"]));
    }
}

#[test]
fn services_give_urls_as_in_the_reference() {
    for table in TABLES {
        Table::of(table, "releasebinding.resolveServiceURLs")
            .check(|row| compare(row, &["serviceURL"]));
    }
}

/// Where each endpoint is reached in the cluster, as `service.namespace:port`.
fn services(endpoints: &Value, objects: &[Value]) -> Result<Vec<String>, String> {
    let endpoints: BTreeMap<String, Endpoint> = decode(endpoints)?;
    let statuses = resolve(&endpoints, objects.iter(), None);
    let urls = statuses.into_iter().filter_map(|status| status.service_url);
    let places = urls.map(|url| {
        let host = url.host.trim_end_matches(".svc.cluster.local");
        format!("{host}:{}", url.port.unwrap_or_default())
    });
    Ok(places.collect())
}

/// The places of the ports of a service of a row, among those that somebody asks for.
fn places(service: &Value, asked: impl Fn(&Value) -> bool) -> Vec<String> {
    let ports = service["ports"].as_array().into_iter().flatten();
    let text = |name: &str| service[name].as_str().unwrap_or_default();
    let (name, namespace) = (text("name"), text("namespace"));
    ports
        .filter(|port| asked(port))
        .map(|port| format!("{name}.{namespace}:{port}"))
        .collect()
}

#[test]
fn services_are_chosen_as_in_the_reference() {
    Table::of("endpoints.jsonl", "releasebinding.bestMatchingService").check(|row| {
        let (endpoints, services) = (&row["input"]["endpoints"], &row["input"]["services"]);
        let objects: Vec<_> = services
            .as_array()
            .into_iter()
            .flatten()
            .map(|service| {
                let ports = service["ports"].as_array().into_iter().flatten();
                let ports: Vec<_> = ports.map(|port| json!({"port": port})).collect();
                json!({
                    "apiVersion": "v1", "kind": "Service", "spec": {"ports": ports},
                    "metadata": {"name": service["name"], "namespace": service["namespace"]},
                })
            })
            .collect();
        let mut asked = endpoints
            .as_object()
            .into_iter()
            .flat_map(|map| map.values());
        let wanted: Vec<_> = asked.by_ref().map(|endpoint| &endpoint["port"]).collect();
        let mut own = self::services(endpoints, &objects)?;
        let mut expected = places(&row["output"]["result"], |port| wanted.contains(&port));
        own.sort();
        expected.sort();
        agree(&json!(own), &json!(expected))
    });
    Table::of("endpoints.jsonl", "releasebinding.extractAllServiceInfos").check(|row| {
        let (mut own, mut expected) = (Vec::new(), Vec::new());
        for object in objects(&row["input"]) {
            let ports = object["spec"]["ports"].as_array().into_iter().flatten();
            let endpoints: serde_json::Map<_, _> = ports
                .map(|port| &port["port"])
                .map(|port| (format!("e-{port}"), json!({"type": "TCP", "port": port})))
                .collect();
            own.extend(services(&Value::Object(endpoints), &[object])?);
        }
        for service in row["output"]["result"].as_array().into_iter().flatten() {
            expected.extend(places(service, |_| true));
        }
        own.sort();
        expected.sort();
        agree(&json!(own), &json!(expected))
    });
}

/// The URLs that a route of this visibility gives to an endpoint of a type that it serves.
fn routed(object: &Value, visibility: &str, row: &Value) -> Result<Value, String> {
    let kind = match object["kind"].as_str() {
        Some("GRPCRoute") => "gRPC",
        Some("TLSRoute") => "TCP",
        Some(_) | None => "HTTP",
    };
    let mut object = object.clone();
    let labels = json!({
        "openchoreo.dev/endpoint-name": "e", "openchoreo.dev/endpoint-visibility": visibility,
    });
    object["metadata"]["labels"] = labels;
    let plane = json!({"gateway": {"ingress": {
        "external": {"name": "g", "namespace": "g", "http": {"port": 80, "host": "h"}, "tls": {"port": 80, "host": "h"}},
        "internal": {"name": "g", "namespace": "g", "http": {"port": 80, "host": "h"}},
    }}});
    let row = json!({"input": {
        "endpoints": {"e": {"type": kind, "port": 1}},
        "resources": [{"object": object}],
        "dataPlane": row.get("dp").cloned().unwrap_or_else(|| json!({"spec": plane})),
        "environment": row.get("env").cloned().unwrap_or_default(),
    }});
    let statuses = serde_json::to_value(resolved(&row)?).unwrap();
    let field = match visibility {
        "external" => "externalURLs",
        _ => "internalURLs",
    };
    Ok(statuses[0][field].clone())
}

#[test]
fn hosts_and_paths_are_read_from_routes_as_in_the_reference() {
    for (function, part) in [
        ("releasebinding.extractFirstHostname", "host"),
        ("releasebinding.extractFirstPathValue", "path"),
    ] {
        Table::of("endpoints.jsonl", function).check(|row| {
            let mut object = row["input"]["obj"].clone();
            // Without a host there is no URL, and without a path none to look at.
            if part == "path" {
                object["spec"]["hostnames"] = json!(["h"]);
            }
            let urls = routed(&object, "external", &json!({}))?;
            let url = ["http", "tls"]
                .iter()
                .find_map(|name| urls.get(*name).filter(|url| !url.is_null()));
            let own = url.and_then(|url| url[part].as_str()).unwrap_or_default();
            let expected = row["output"]["result"].as_str().unwrap_or_default();
            agree(&json!(own), &json!(expected))
        });
    }
}

#[test]
fn gateways_and_schemes_are_those_of_the_reference() {
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "r"}, "spec": {"hostnames": ["h"]},
    });
    let function = "releasebinding.resolveGatewayEndpointByVisibility";
    Table::of("endpoints.jsonl", function)
        .but(DIFFERENCES)
        .check(|row| {
            let visibility = row["input"]["visibility"].as_str().unwrap_or_default();
            let urls = routed(&route, visibility, &row["input"])?;
            let ports = |list: &Value| json!([list["http"]["port"], list["https"]["port"]]);
            agree(&ports(&urls), &ports(&row["output"]["result"]))
        });
    Table::of("endpoints.jsonl", "releasebinding.schemeForEndpointType")
        .but(&[UNKNOWN])
        .check(|row| {
            let endpoints = json!({"e": {"type": row["input"]["epType"], "port": 1}});
            let service = json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "n"},
                "spec": {"ports": [{"port": 1}]},
            });
            let endpoints: BTreeMap<String, Endpoint> = decode(&endpoints)?;
            let statuses = resolve(&endpoints, [&service].into_iter(), None);
            let url = statuses
                .first()
                .and_then(|status| status.service_url.clone());
            agree(
                &json!(url.and_then(|url| url.scheme)),
                &row["output"]["result"],
            )
        });
}

#[test]
fn an_endpoint_that_nothing_serves_is_left_out() {
    let row =
        json!({"input": {"endpoints": {"http": {"type": "HTTP", "port": 80}}, "resources": []}});
    assert_eq!(resolved(&row).unwrap(), []);
}

#[test]
fn a_door_of_the_data_plane_has_urls_beside_those_of_the_environment() {
    let door =
        |port: u16| json!({"name": "g", "namespace": "g", "http": {"port": port, "host": "h"}});
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "r"}, "spec": {"hostnames": ["h"]},
    });
    let row = json!({
        "dp": {"spec": {"gateway": {"ingress": {"external": door(80), "internal": door(8080)}}}},
        "env": {"spec": {"gateway": {"ingress": {"external": door(81)}}}},
    });
    let port = |visibility: &str| routed(&route, visibility, &row).unwrap()["http"]["port"].clone();
    assert_eq!(
        (port("external"), port("internal")),
        (json!(81), json!(8080))
    );
}

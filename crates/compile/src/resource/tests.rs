//! Resources against the recorded ones, and what no row shows.

use indexmap::IndexMap;
use serde_json::{Value, json};

use model::{
    Health, ObjectReport, Policy,
    kinds::{DataPlane, Environment, ResourceType, template::FreeForm},
};
use testkit::compat::{Count, Table, expand_shared, rows, same, says};

use super::{
    Compiled, Observed, Snapshot, condition_holds, observed,
    outputs::{resolve, with_applied},
    render_objects,
    variables::{self, Platform},
};
use crate::{
    Compiler,
    context::{self, DataPlaneContext, EnvironmentContext},
    functions::Methods,
    template::{Context, Engine},
};

fn engine() -> Engine {
    Engine::new(Methods::Plain)
}

fn decode<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

/// The type of a row; lists that documents have empty are null there.
fn type_of(input: &Value) -> Result<ResourceType, String> {
    let mut spec = input["resourceType"]["spec"].clone();
    if spec["resources"].is_null() {
        spec["resources"] = json!([]);
    }
    decode(&spec)
}

/// The variables of a row, which gives the values of planes and environment made already.
fn context_of(input: &Value, resource_type: &ResourceType) -> Result<Context, String> {
    let given = |pointer: &str| -> FreeForm {
        let found = input.pointer(pointer).and_then(Value::as_object);
        found.cloned().unwrap_or_default()
    };
    let mut metadata = input["metadata"].clone();
    for map in ["labels", "annotations"] {
        if metadata[map].is_null() {
            metadata[map] = json!({});
        }
    }
    let platform = Platform {
        metadata,
        data_plane: input["dataPlane"].clone(),
        gateway: input["environment"].get("gateway").cloned(),
    };
    variables::map(
        resource_type,
        &given("/resource/spec/parameters"),
        &given("/resourceReleaseBinding/spec/resourceTypeEnvironmentConfigs"),
        platform,
    )
    .map(|variables| Context::from_json(&variables))
    .map_err(|problem| problem.message)
}

/// Rows of the reference's own tests, without those whose input cannot be put together here: the
/// type, the resource and the names of the platform are not optional.
fn check_complete(function: &str, check: impl Fn(&Value) -> Result<(), String>) {
    let file = "resource-pipeline.jsonl";
    let mut count = Count::new(file, function);
    for row in rows(file, function).iter().filter(|row| is_complete(row)) {
        count.add(row["id"].as_str().unwrap(), None, check(row));
    }
    count.finish();
}

fn is_complete(row: &Value) -> bool {
    let input = &row["input"]["input"];
    let names = ["name", "namespace", "resourceName", "projectName"];
    let mut names = names.iter().map(|name| &input["metadata"][*name]);
    input["resourceType"].is_object()
        && input["resource"].is_object()
        && names.all(|name| name.as_str().is_some_and(|name| !name.is_empty()))
}

fn agree(own: Result<Value, String>, row: &Value) -> Result<(), String> {
    let expected = row["output"].get("result").unwrap_or(&row["output"]);
    match (own, row["error"]["message"].as_str()) {
        (Ok(own), None) if same(&own, expected) => Ok(()),
        (Ok(own), None) => Err(format!("\n     {own}\n not {expected}")),
        (Ok(own), Some(expected)) => Err(format!("{own}, should fail with {expected}")),
        (Err(own), expected) => says(&own, expected),
    }
}

fn render(input: &Value) -> Result<Value, String> {
    let resource_type = type_of(input)?;
    let context = context_of(input, &resource_type)?;
    let rendered = render_objects(&engine(), &resource_type, &context);
    let rendered = rendered.map_err(|problem| problem.message)?;
    let entries = rendered
        .iter()
        .map(|entry| json!({"id": entry.id, "object": entry.object.to_json()}));
    Ok(json!({"entries": entries.collect::<Vec<_>>()}))
}

#[test]
fn resources_render_as_in_the_reference() {
    let function = "resourcepipeline.Pipeline.RenderManifests";
    Table::of("golden-resources.jsonl", function).check(|row| {
        let mut input = row["input"].clone();
        expand_shared(&mut input);
        agree(render(&input), row)
    });
    check_complete(function, |row| agree(render(&row["input"]["input"]), row));
}

fn observed_of(row: &Value) -> Observed {
    let statuses = row["input"]["observed"].as_object();
    statuses
        .into_iter()
        .flatten()
        .map(|(id, status)| (id.clone(), status.clone()))
        .collect()
}

#[test]
fn outputs_are_those_of_the_reference() {
    let function = "resourcepipeline.Pipeline.ResolveOutputs";
    check_complete(function, |row| {
        let input = &row["input"]["input"];
        let resource_type = type_of(input)?;
        let context = with_applied(&context_of(input, &resource_type)?, &observed_of(row));
        let found = resolve(&engine(), &context, &resource_type.outputs);
        // The reference writes an empty value beside a reference.
        let mut expected = row["output"]["result"].clone();
        for output in expected.as_array_mut().into_iter().flatten() {
            let has_reference = ["secretKeyRef", "configMapKeyRef"]
                .iter()
                .any(|field| output[*field].is_object());
            if has_reference {
                output["value"] = Value::Null;
            }
        }
        let own = serde_json::to_value(&found.resolved).unwrap();
        let none = expected.is_null() && found.resolved.is_empty();
        if !none && !same(&own, &expected) {
            return Err(format!("\n     {own}\n not {expected}"));
        }
        let problems: Vec<_> = found.problems.iter().map(|p| p.message.as_str()).collect();
        match (problems.is_empty(), row["error"]["message"].as_str()) {
            (true, None) => Ok(()),
            (true, Some(expected)) => Err(format!("should fail with {expected}")),
            (false, expected) => says(&problems.join("\n"), expected),
        }
    });
}

#[test]
fn conditions_over_what_was_applied_hold_as_in_the_reference() {
    let function = "resourcepipeline.Pipeline.EvaluateReadyWhen";
    check_complete(function, |row| {
        let input = &row["input"]["input"];
        let context = context_of(input, &type_of(input)?)?;
        let context = with_applied(&context, &observed_of(row));
        let condition = row["input"]["expr"].as_str().unwrap_or_default();
        let own = condition_holds("readyWhen", &engine(), &context, condition);
        agree(own.map(Value::Bool), row)
    });
}

#[test]
fn planes_and_environments_are_seen_as_in_the_reference() {
    let data_plane = |value: &Value| -> Result<DataPlane, String> {
        if value.is_null() {
            return Ok(DataPlane::default());
        }
        decode(&value["spec"])
    };
    Table::of(
        "resource-pipeline.jsonl",
        "resourcepipeline.BuildDataPlaneContext",
    )
    .check(|row| {
        let plane = data_plane(&row["input"]["dataPlane"])?;
        agree(Ok(context::data_plane(&plane).to_json().unwrap()), row)
    });
    for table in ["golden-resources.jsonl", "resource-pipeline.jsonl"] {
        Table::of(table, "resourcepipeline.BuildEnvironmentContext").check(|row| {
            let environment = match row["input"]["env"].get("spec") {
                Some(spec) => decode(spec)?,
                None => Environment::default(),
            };
            let data_plane = data_plane(&row["input"]["dataPlane"])?;
            let gateway = context::gateway(&context::merged_gateway(&environment, &data_plane));
            let gateway = gateway.and_then(|gateway| gateway.to_json());
            let own = gateway.map_or_else(|| json!({}), |gateway| json!({"gateway": gateway}));
            agree(Ok(own), row)
        });
    }
}

fn snapshot(resource_type: Value) -> Snapshot {
    let release = json!({
        "owner": {"projectName": "shop", "resourceName": "db"},
        "resourceType": {"kind": "ClusterResourceType", "name": "postgres", "spec": resource_type},
    });
    Snapshot {
        namespace: "default".to_owned(),
        resource_name: "db".to_owned(),
        resource_uid: "r".to_owned(),
        project_name: "shop".to_owned(),
        project_uid: "p".to_owned(),
        binding_name: "db-development".to_owned(),
        release: serde_json::from_value(release).unwrap(),
        binding: Default::default(),
        annotations: IndexMap::new(),
        environment: EnvironmentContext {
            name: "development".to_owned(),
            uid: "e".to_owned(),
            spec: Environment::default(),
        },
        data_plane: DataPlaneContext {
            name: "default".to_owned(),
            uid: "d".to_owned(),
            spec: DataPlane::default(),
            annotations: IndexMap::new(),
        },
        unit: "resourcereleasebinding.default.db-development"
            .parse()
            .unwrap(),
        cell_unit: Some("projectreleasebinding.default.shop".parse().unwrap()),
    }
}

fn config_map(id: &str) -> Value {
    let metadata = json!({"name": format!("${{metadata.name}}-{id}")});
    json!({"id": id, "template": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}})
}

fn compiled(resource_type: Value) -> Compiled {
    let compiled = Compiler::new().resource(&snapshot(resource_type));
    compiled
        .unwrap_or_else(|problems| panic!("{problems}"))
        .as_ref()
        .clone()
}

fn refusal(resource_type: Value) -> String {
    let compiled = Compiler::new().resource(&snapshot(resource_type));
    compiled.map(drop).unwrap_err().to_string()
}

#[test]
fn objects_lie_in_the_cell_and_say_whose_they_are() {
    let compiled = compiled(json!({"resources": [config_map("b"), config_map("a")]}));
    let bundle = compiled.bundle.parse();
    let ids: Vec<_> = bundle
        .objects
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    assert_eq!(ids, ["b", "a"]);
    assert_eq!(
        bundle.requires,
        ["projectreleasebinding.default.shop".parse().unwrap()]
    );
    assert_eq!(compiled.bundle.digest(), bundle.digest());
    let entry = &bundle.objects[0];
    assert_eq!(
        (entry.policy, entry.report_status),
        (Policy::Managed, false)
    );
    let metadata = &entry.object["metadata"];
    assert_eq!(metadata["name"], "r-db-development-fd7f47f0-b");
    assert_eq!(
        metadata["namespace"],
        "dp-default-shop-development-276893d5"
    );
    assert_eq!(metadata["labels"]["openchoreo.dev/resource"], "db");
    assert_eq!(metadata["labels"]["openchoreo.dev/environment-uid"], "e");
}

#[test]
fn an_unchanged_snapshot_is_looked_up() {
    let (compiler, snapshot) = (
        Compiler::new(),
        snapshot(json!({"resources": [config_map("a")]})),
    );
    let (one, two) = (compiler.resource(&snapshot), compiler.resource(&snapshot));
    assert!(std::sync::Arc::ptr_eq(&one.unwrap(), &two.unwrap()));
}

#[test]
fn a_resource_owns_nothing_outside_of_its_cell() {
    let mut elsewhere = config_map("a");
    elsewhere["template"]["metadata"]["namespace"] = json!("kube-system");
    assert!(refusal(json!({"resources": [elsewhere]})).contains("outside of the cell"));
    let mut shared = config_map("a");
    shared["template"]["kind"] = json!("Namespace");
    assert!(refusal(json!({"resources": [shared]})).contains("shared by the whole cluster"));
    let mut nameless = config_map("a");
    nameless["template"]["metadata"] = json!({});
    assert_eq!(
        refusal(json!({"resources": [nameless]})),
        "spec.resourceType.spec.resources[0].template.metadata.name: render resource \"a\": \
         metadata.name is missing"
    );
}

/// The paths of the status that a bundle asks for, by id.
fn asked(outputs: &[&str], ready_when: Option<&str>) -> Vec<(String, Vec<String>)> {
    let outputs = outputs.iter().enumerate();
    let outputs: Vec<_> = outputs
        .map(|(index, value)| json!({"name": index.to_string(), "value": value}))
        .collect();
    let mut first = config_map("a");
    if let Some(condition) = ready_when {
        first["readyWhen"] = json!(condition);
    }
    let compiled = compiled(json!({"resources": [first, config_map("b")], "outputs": outputs}));
    let bundle = compiled.bundle.parse();
    let entries = bundle.objects.iter().filter(|entry| entry.report_status);
    entries
        .map(|entry| (entry.id.clone(), entry.status_paths.clone()))
        .collect()
}

#[test]
fn a_bundle_asks_for_what_expressions_read() {
    let paths = |id: &str, paths: &[&str]| {
        (
            id.to_owned(),
            paths
                .iter()
                .map(|path| (*path).to_owned())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(asked(&["no expression"], None), []);
    assert_eq!(
        asked(
            &["${applied.a.status.host}:${applied['a'].status.port}"],
            Some("${applied.a.status.conditions.exists(c, c.type == 'Ready')}")
        ),
        [paths("a", &["/conditions", "/host", "/port"])]
    );
    // What lies below something that is asked for as a whole is not asked for again.
    assert_eq!(
        asked(
            &["${applied.a.status.x.y}", "${string(applied.a.status.x)}"],
            None
        ),
        [paths("a", &["/x"])]
    );
    assert_eq!(
        asked(
            &[
                "${applied.a.status['x/y']}",
                "${applied.b.status.size() > 0 ? 'y' : 'n'}"
            ],
            None
        ),
        [paths("a", &["/x~1y"]), paths("b", &[])]
    );
    assert_eq!(
        asked(&["${applied.exists(id, id == 'a') ? 'y' : 'n'}"], None),
        [paths("a", &[]), paths("b", &[])]
    );
}

fn report(id: &str, health: Health, status: Option<Value>) -> ObjectReport {
    ObjectReport {
        id: id.to_owned(),
        group: String::new(),
        version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        namespace: None,
        name: id.to_owned(),
        health,
        message: String::new(),
        failed: false,
        status,
        observed_at: "2026-01-02T03:04:05Z".parse().unwrap(),
    }
}

#[test]
fn a_resource_is_ready_when_what_it_rendered_is() {
    let mut judged = config_map("a");
    judged["readyWhen"] = json!("${applied.a.status.ready}");
    let mut excluded = config_map("c");
    excluded["includeWhen"] = json!("${false}");
    let compiled = compiled(json!({"resources": [judged, config_map("b"), excluded]}));
    let verdict = |ready: Option<Value>, health| {
        let status = ready.map(|ready| json!({"ready": ready}));
        let objects = [
            report("a", Health::Degraded, status),
            report("b", health, None),
        ];
        let verdict = compiled.readiness(&objects);
        (verdict.ready, verdict.reason, verdict.message)
    };
    let unready = |reason, message: &str| (false, reason, message.to_owned());
    assert_eq!(
        verdict(Some(json!(true)), Health::Healthy),
        (true, "ResourcesReady", "All 2 resource(s) ready".to_owned())
    );
    assert_eq!(
        verdict(Some(json!(false)), Health::Healthy),
        unready(
            "ResourcesProgressing",
            "Resource \"a\" readyWhen returned false"
        )
    );
    assert_eq!(
        verdict(Some(json!("yes")), Health::Healthy),
        unready(
            "ResourcesProgressing",
            "readyWhen evaluation failed for \"a\": readyWhen must evaluate to bool, got string"
        )
    );
    let (ready, reason, message) = verdict(None, Health::Healthy);
    assert_eq!((ready, reason), (false, "ResourcesProgressing"));
    assert!(message.ends_with("no such key: a"), "{message}");
    assert_eq!(
        verdict(Some(json!(false)), Health::Degraded),
        unready("ResourcesDegraded", "Resource \"b\" is degraded")
    );
    assert_eq!(compiled.readiness(&[]).reason, "ResourcesProgressing");
}

#[test]
fn outputs_come_with_the_status_that_they_read() {
    let outputs = json!([
        {"name": "host", "value": "${applied.a.status.host}"},
        {"name": "port", "value": "${5432}"},
        {"name": "password", "secretKeyRef": {"name": "${metadata.name}", "key": "${''}"}},
        {"name": "ca", "configMapKeyRef": {"name": "${metadata.name}-tls", "key": "ca.crt"}},
    ]);
    let compiled = compiled(json!({"resources": [config_map("a")], "outputs": outputs}));
    let objects = [report(
        "a",
        Health::Healthy,
        Some(json!({"host": "db.example.org"})),
    )];
    let found = compiled.outputs(&observed(&objects));
    let resolved = serde_json::to_value(&found.resolved).unwrap();
    let expected = json!([
        {"name": "host", "value": "db.example.org"},
        {"name": "ca", "configMapKeyRef": {"name": "r-db-development-fd7f47f0-tls", "key": "ca.crt"}},
    ]);
    assert_eq!(resolved, expected);
    let problems: Vec<_> = found.problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(
        problems,
        [
            "output \"port\": value must evaluate to string, got int64",
            "output \"password\": secretKeyRef.key must not be empty",
        ]
    );
    assert_eq!(compiled.outputs(&Observed::new()).resolved.len(), 1);
}

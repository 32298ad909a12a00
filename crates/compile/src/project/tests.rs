//! Cells against the recorded ones.

use serde_json::{Map, Value, json};

use model::kinds::{DataPlane, Environment, ProjectType};
use testkit::compat::{PROGRAM_ONLY, Table, agree, expand_shared, result};

use super::render_objects;
use crate::{
    context::{self, Undeclared, parameters},
    functions::Methods,
    template::{Context, Engine},
};

/// The variables of a row, which gives the values of planes and environment made already.
fn variables(input: &Value, project_type: &ProjectType) -> Result<Context, String> {
    let values = |name: &str, section| {
        let given = input[name].as_object().cloned().unwrap_or_default();
        parameters(name, section, &given, Undeclared::Pass).map(Value::Object)
    };
    let mut map = Map::new();
    map.insert("metadata".to_owned(), input["metadata"].clone());
    map.insert("dataplane".to_owned(), input["dataPlane"].clone());
    map.insert("environment".to_owned(), input["environment"].clone());
    if let Some(gateway) = input["environment"].get("gateway") {
        map.insert("gateway".to_owned(), gateway.clone());
    }
    map.insert(
        "parameters".to_owned(),
        values("parameters", project_type.parameters.as_ref())?,
    );
    let configs = values(
        "environmentConfigs",
        project_type.environment_configs.as_ref(),
    )?;
    map.insert("environmentConfigs".to_owned(), configs);
    Ok(Context::from_json(&map))
}

fn check(row: &Value, input: &Value) -> Result<(), String> {
    let mut input = input.clone();
    expand_shared(&mut input);
    let project_type: ProjectType =
        serde_json::from_value(input["projectTypeSpec"].clone()).map_err(|e| e.to_string())?;
    let context = variables(&input, &project_type)?;
    let rendered = render_objects(&Engine::new(Methods::Plain), &project_type, &context)
        .map_err(|diagnostics| diagnostics.to_string())?;
    let own: Vec<_> = rendered
        .iter()
        .map(|entry| json!({"id": entry.id, "object": entry.object.to_json()}))
        .collect();
    let own = json!({"entries": own});
    if row.get("error").is_some() {
        return Err(own.to_string());
    }
    agree(&own, result(row))
}

#[test]
fn cells_render_as_in_the_reference() {
    Table::of("golden-projects.jsonl", "projectpipeline.Pipeline.Render")
        .check(|row| check(row, &row["input"]));
    Table::of("project-pipeline.jsonl", "projectpipeline.Pipeline.Render")
        .but(&[PROGRAM_ONLY])
        .check(|row| check(row, &row["input"]["input"]));
}

#[test]
fn planes_and_environments_are_seen_as_in_the_reference() {
    let data_plane = |value: &Value| -> Result<DataPlane, String> {
        serde_json::from_value(value["spec"].clone()).map_err(|error| error.to_string())
    };
    for table in ["golden-projects.jsonl", "project-pipeline.jsonl"] {
        Table::of(table, "projectpipeline.BuildDataPlaneContext").check(|row| {
            let plane = data_plane(&row["input"]["dataPlane"])?;
            agree(&context::data_plane(&plane).to_json().unwrap(), result(row))
        });
        Table::of(table, "projectpipeline.BuildEnvironmentContext").check(|row| {
            let environment: Environment =
                serde_json::from_value(row["input"]["env"]["spec"].clone())
                    .map_err(|error| error.to_string())?;
            let data_plane = data_plane(&row["input"]["dataPlane"])?;
            let gateway = context::gateway(&context::merged_gateway(&environment, &data_plane));
            let gateway = gateway.and_then(|gateway| gateway.to_json());
            let own = gateway.map_or_else(|| json!({}), |gateway| json!({"gateway": gateway}));
            agree(&own, result(row))
        });
    }
}

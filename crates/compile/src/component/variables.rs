//! The variables of a component's templates.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use model::{
    Diagnostics,
    kinds::{
        ComponentRelease, ReleaseBinding, Trait, component_release::WorkloadSnapshot,
        container::Container, endpoint::Endpoint, template::FreeForm,
    },
};

use super::Snapshot;
use crate::{
    context::{
        self, Identity, Undeclared, configurations::Configurations, configurations::overridden,
        dependencies::Dependencies, parameters, service_ports::service_ports,
    },
    endpoint_schema,
    functions::{DERIVED, ENDPOINT_RESOURCES},
    names, render,
    template::Context,
};

/// The variables of a component, and what else follows from its snapshot.
pub struct Variables {
    /// Variables of the type.
    pub base: Context,
    /// Namespace of the cell.
    pub cell: String,
    /// Labels of every object of the component.
    pub labels: Map<String, Value>,
}

/// What an instance of a trait is given.
pub(super) struct TraitValues {
    pub(super) parameters: FreeForm,
    pub(super) configs: FreeForm,
}

impl Variables {
    /// # Errors
    /// When parameters do not fit their schema, or a secret is not known.
    pub fn new(snapshot: &Snapshot) -> Result<Self, Diagnostics> {
        let identity = Identity {
            namespace: &snapshot.namespace,
            project: (&snapshot.project_name, &snapshot.project_uid),
            component: Some((&snapshot.component_name, &snapshot.component_uid)),
            environment: (&snapshot.environment.name, &snapshot.environment.uid),
            ..Identity::default()
        };
        let labels = identity.labels();
        let cell = names::cell_namespace(
            &snapshot.namespace,
            &snapshot.project_name,
            &snapshot.environment.name,
        );
        let variables = map(snapshot, &labels, &cell)?;
        Ok(Self {
            base: Context::from_json(&variables),
            cell,
            labels,
        })
    }

    /// The variables of an instance of a trait: its own parameters, and `trait`.
    pub(super) fn for_trait(
        &self,
        spec: &Trait,
        (name, instance): (&str, &str),
        given: &TraitValues,
    ) -> Result<Context, String> {
        let values = parameters(
            "parameters",
            spec.parameters.as_ref(),
            &given.parameters,
            Undeclared::Drop,
        )?;
        let configs = parameters(
            "environmentConfigs",
            spec.environment_configs.as_ref(),
            &given.configs,
            Undeclared::Drop,
        )?;
        Ok(self
            .base
            .with("parameters", &Value::Object(values))
            .with("environmentConfigs", &Value::Object(configs))
            .with("trait", &json!({"name": name, "instanceName": instance})))
    }
}

/// Every variable of the type by name, the hidden ones included.
pub(crate) fn map(
    snapshot: &Snapshot,
    labels: &Map<String, Value>,
    cell: &str,
) -> Result<Map<String, Value>, Diagnostics> {
    let mut variables = Map::new();
    variables.insert("metadata".to_owned(), metadata(snapshot, labels, cell));
    insert_values(snapshot, &mut variables)?;
    insert_platform(snapshot, &mut variables);
    insert_workload(snapshot, &mut variables)
        .map_err(|reason| render::fault("spec.workload.container", reason))?;
    Ok(variables)
}

fn metadata(snapshot: &Snapshot, labels: &Map<String, Value>, cell: &str) -> Value {
    json!({
        "name": names::component_base(&snapshot.component_name, &snapshot.environment.name),
        "namespace": cell,
        "componentNamespace": snapshot.namespace,
        "componentName": snapshot.component_name,
        "componentUID": snapshot.component_uid,
        "projectName": snapshot.project_name,
        "projectUID": snapshot.project_uid,
        "dataPlaneName": snapshot.data_plane.name,
        "dataPlaneUID": snapshot.data_plane.uid,
        "environmentName": snapshot.environment.name,
        "environmentUID": snapshot.environment.uid,
        "labels": labels,
        "annotations": {},
        "podSelectors": labels,
    })
}

fn insert_values(
    snapshot: &Snapshot,
    variables: &mut Map<String, Value>,
) -> Result<(), Diagnostics> {
    let component_type = &snapshot.release.component_type.spec;
    let empty = FreeForm::new();
    let profile = snapshot.release.component_profile.as_ref();
    let given = profile.map_or(&empty, |profile| &profile.parameters);
    let fault = |path: &str, reason: String| {
        Diagnostics::from(render::fault(
            path,
            format!("failed to build component context: {reason}"),
        ))
    };
    let values = parameters(
        "parameters",
        component_type.parameters.as_ref(),
        given,
        Undeclared::Drop,
    )
    .map_err(|reason| fault("spec.parameters", reason))?;
    let configs = parameters(
        "environmentConfigs",
        component_type.environment_configs.as_ref(),
        &snapshot.binding.component_type_environment_configs,
        Undeclared::Drop,
    )
    .map_err(|reason| fault("spec.componentTypeEnvironmentConfigs", reason))?;
    variables.insert("parameters".to_owned(), Value::Object(values));
    variables.insert("environmentConfigs".to_owned(), Value::Object(configs));
    Ok(())
}

fn insert_platform(snapshot: &Snapshot, variables: &mut Map<String, Value>) {
    variables.insert(
        "dataplane".to_owned(),
        context::annotated_data_plane(&snapshot.data_plane),
    );
    let mut environment = Map::new();
    if let Some(gateway) = context::gateway(&snapshot.environment.spec, &snapshot.data_plane.spec) {
        environment.insert("gateway".to_owned(), gateway.clone());
        variables.insert("gateway".to_owned(), gateway);
    }
    if let Some(channel) = snapshot
        .notification_channel
        .as_ref()
        .filter(|name| !name.is_empty())
    {
        environment.insert(
            "defaultNotificationChannel".to_owned(),
            channel.clone().into(),
        );
    }
    variables.insert("environment".to_owned(), Value::Object(environment));
}

fn insert_workload(snapshot: &Snapshot, variables: &mut Map<String, Value>) -> Result<(), String> {
    let workload = &snapshot.release.workload;
    let container = container_of(workload, &snapshot.binding);
    let configurations = Configurations::new(&container, &snapshot.secrets)?;
    let prefix = format!("{}-{}", snapshot.component_name, snapshot.environment.name);
    let mut derived = Map::new();
    configurations.derive(&prefix, &mut derived);
    derived.insert(
        "servicePorts".to_owned(),
        Value::Array(service_ports(&workload.endpoints)),
    );
    let described = workload
        .endpoints
        .values()
        .any(|endpoint| endpoint.schema.is_some());
    let resources = if described && mentions_operations(&snapshot.release) {
        endpoint_resources(&workload.endpoints)
    } else {
        Value::Object(Map::new())
    };
    derived.insert(ENDPOINT_RESOURCES.1.to_owned(), resources);
    let dependencies = Dependencies {
        items: &snapshot.connections,
        resources: &snapshot.resources,
    };
    dependencies.derive(&mut derived);
    variables.insert(DERIVED.to_owned(), Value::Object(derived));
    variables.insert(
        "workload".to_owned(),
        context::workload(&container, &workload.endpoints),
    );
    variables.insert("configurations".to_owned(), configurations.variable());
    variables.insert("dependencies".to_owned(), dependencies.variable());
    Ok(())
}

/// The container of a workload with the overrides of a binding.
fn container_of(workload: &WorkloadSnapshot, binding: &ReleaseBinding) -> Container {
    let overrides = binding.workload_overrides.as_ref();
    match overrides.and_then(|overrides| overrides.container.as_ref()) {
        Some(own) => overridden(&workload.container, &own.env, &own.files),
        None => workload.container.clone(),
    }
}

/// Names of the SecretReferences that a workload needs under a binding, sorted.
#[must_use]
pub fn secret_references(workload: &WorkloadSnapshot, binding: &ReleaseBinding) -> Vec<String> {
    let container = container_of(workload, binding);
    let of_env = container.env.iter().map(|variable| &variable.value_from);
    let of_files = container.files.iter().map(|file| &file.value_from);
    let names: BTreeSet<String> = of_env
        .chain(of_files)
        .filter_map(|source| Some(source.as_ref()?.secret_key_ref.as_ref()?.name.clone()))
        .collect();
    names.into_iter().collect()
}

/// Whether a template asks for the operations of endpoints, which are costly to read.
fn mentions_operations(release: &ComponentRelease) -> bool {
    let templates = (&release.component_type.spec, &release.traits);
    let text = serde_json::to_string(&templates).expect("specs have string keys");
    text.contains(ENDPOINT_RESOURCES.0)
}

/// The operations of each endpoint whose schema can be read; an endpoint without one is absent.
pub(crate) fn endpoint_resources(endpoints: &BTreeMap<String, Endpoint>) -> Value {
    let mut resources = Map::new();
    for (name, endpoint) in endpoints {
        let Some(schema) = &endpoint.schema else {
            continue;
        };
        let content = schema.content.as_deref().unwrap_or_default();
        let schema_type = schema.schema_type.as_deref().unwrap_or_default();
        let endpoint_type = endpoint.endpoint_type.as_str();
        if let Ok(operations) = endpoint_schema::operations(endpoint_type, schema_type, content) {
            resources.insert(name.clone(), Value::Array(operations));
        }
    }
    Value::Object(resources)
}

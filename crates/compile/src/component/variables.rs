//! The variables of a component's templates.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::{Map, Value as Json};

use expr::{Key, Value};
use model::{
    Diagnostics,
    kinds::{
        ReleaseBinding, component_release::WorkloadSnapshot, container::Container,
        endpoint::Endpoint, gateway::Gateway, template::FreeForm,
    },
};

use super::Snapshot;
use crate::{
    context::{
        self, Identity, configurations::Configurations, configurations::overridden,
        dependencies::Dependencies, merged_gateway, service_ports::service_ports,
    },
    endpoint_schema,
    functions::{DERIVED, ENDPOINT_RESOURCES},
    names,
    prepared::{Parts, Schemas},
    render,
    template::Context,
    tree,
};

/// The variables of a component, and what else follows from its snapshot.
pub struct Variables {
    /// Variables of the type.
    pub base: Context,
    /// Namespace of the cell.
    pub cell: String,
    /// Labels of every object of the component.
    pub labels: expr::Map,
    /// The gateway of the environment.
    pub(crate) gateway: Gateway,
}

/// What an instance of a trait is given.
pub(super) struct TraitValues {
    pub(super) parameters: FreeForm,
    pub(super) configs: FreeForm,
}

/// The fields of [`DERIVED`] as they are made.
pub(crate) type Derived = Vec<(Key, Value)>;

/// Which variables are made: most types read few of them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    All,
    /// Those that the type and the traits of the release read.
    ReadBy(&'a Parts),
}

impl Wanted<'_> {
    fn variable(self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::ReadBy(parts) => parts.read(name, None),
        }
    }

    fn field(self, variable: &str, field: &str) -> bool {
        match self {
            Self::All => true,
            Self::ReadBy(parts) => parts.read(variable, Some(field)),
        }
    }

    /// The field of [`DERIVED`] that a method stands for, if it is wanted.
    pub(crate) fn derive(
        self,
        derived: &mut Derived,
        name: &'static str,
        value: impl FnOnce() -> Vec<Value>,
    ) {
        if self.field(DERIVED, name) {
            derived.push((Key::string(name), Value::list(value())));
        }
    }
}

impl Variables {
    /// The variables of a release, as many as are wanted.
    ///
    /// # Errors
    /// When parameters do not fit their schema, or a secret is not known.
    pub(crate) fn new(
        snapshot: &Snapshot,
        schemas: &Schemas,
        wanted: Wanted<'_>,
    ) -> Result<Self, Diagnostics> {
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
        let gateway = merged_gateway(&snapshot.environment.spec, &snapshot.data_plane.spec);
        let mut variables = values(snapshot, (schemas, &gateway), wanted)?;
        let shown = Value::map(labels.clone());
        variables.push(("metadata", metadata(snapshot, &shown, &cell)));
        Ok(Self {
            base: Context::from_values(variables),
            cell,
            labels,
            gateway,
        })
    }

    /// The variables of an instance of a trait: its own parameters, and `trait`.
    pub(super) fn for_trait(
        &self,
        schemas: &Schemas,
        (name, instance): (&str, &str),
        given: &TraitValues,
    ) -> Result<Context, String> {
        let parameters = schemas.parameters.values(&given.parameters)?;
        let configs = schemas.configs.values(&given.configs)?;
        let own = [("name", name.into()), ("instanceName", instance.into())];
        Ok(self
            .base
            .with_value("parameters", parameters)
            .with_value("environmentConfigs", configs)
            .with_value("trait", tree::record(own)))
    }
}

/// The variables of the type by name, the hidden ones included and `metadata` left out.
pub(crate) fn values(
    snapshot: &Snapshot,
    (schemas, gateway): (&Schemas, &Gateway),
    wanted: Wanted<'_>,
) -> Result<Vec<(&'static str, Value)>, Diagnostics> {
    let mut variables = Vec::with_capacity(12);
    push_values(snapshot, schemas, &mut variables)?;
    push_platform(snapshot, gateway, wanted, &mut variables);
    push_workload(snapshot, wanted, &mut variables)
        .map_err(|reason| render::fault("spec.workload.container", reason))?;
    Ok(variables)
}

fn metadata(snapshot: &Snapshot, labels: &Value, cell: &str) -> Value {
    let (plane, environment) = (&snapshot.data_plane, &snapshot.environment);
    let name = names::component_base(&snapshot.component_name, &environment.name);
    tree::record([
        ("annotations", tree::record([])),
        ("componentName", snapshot.component_name.as_str().into()),
        ("componentNamespace", snapshot.namespace.as_str().into()),
        ("componentUID", snapshot.component_uid.as_str().into()),
        ("dataPlaneName", plane.name.as_str().into()),
        ("dataPlaneUID", plane.uid.as_str().into()),
        ("environmentName", environment.name.as_str().into()),
        ("environmentUID", environment.uid.as_str().into()),
        ("labels", labels.clone()),
        ("name", name.into()),
        ("namespace", cell.into()),
        ("podSelectors", labels.clone()),
        ("projectName", snapshot.project_name.as_str().into()),
        ("projectUID", snapshot.project_uid.as_str().into()),
    ])
}

fn push_values(
    snapshot: &Snapshot,
    schemas: &Schemas,
    variables: &mut Vec<(&'static str, Value)>,
) -> Result<(), Diagnostics> {
    let empty = FreeForm::new();
    let profile = snapshot.release.component_profile.as_ref();
    let given = profile.map_or(&empty, |profile| &profile.parameters);
    let fault = |path: &str, reason: String| {
        Diagnostics::from(render::fault(
            path,
            format!("failed to build component context: {reason}"),
        ))
    };
    let parameters = schemas.parameters.values(given);
    let parameters = parameters.map_err(|reason| fault("spec.parameters", reason))?;
    let configs = &snapshot.binding.component_type_environment_configs;
    let configs = schemas.configs.values(configs);
    let configs =
        configs.map_err(|reason| fault("spec.componentTypeEnvironmentConfigs", reason))?;
    variables.push(("parameters", parameters));
    variables.push(("environmentConfigs", configs));
    Ok(())
}

fn push_platform(
    snapshot: &Snapshot,
    gateway: &Gateway,
    wanted: Wanted<'_>,
    variables: &mut Vec<(&'static str, Value)>,
) {
    if wanted.variable("dataplane") {
        variables.push((
            "dataplane",
            context::annotated_data_plane(&snapshot.data_plane),
        ));
    }
    let (of_variable, of_field) = (
        wanted.variable("gateway"),
        wanted.field("environment", "gateway"),
    );
    let gateway = (of_variable || of_field)
        .then(|| context::gateway(gateway))
        .flatten();
    let channel = snapshot.notification_channel.as_deref();
    let environment = tree::some([
        ("gateway", gateway.clone().filter(|_| of_field)),
        ("defaultNotificationChannel", channel.and_then(tree::text)),
    ]);
    variables.push((
        "environment",
        environment.unwrap_or_else(|| tree::record([])),
    ));
    if let Some(gateway) = gateway.filter(|_| of_variable) {
        variables.push(("gateway", gateway));
    }
}

fn push_workload(
    snapshot: &Snapshot,
    wanted: Wanted<'_>,
    variables: &mut Vec<(&'static str, Value)>,
) -> Result<(), String> {
    let workload = &snapshot.release.workload;
    let container = container_of(workload, &snapshot.binding);
    // Whether the secrets of a workload are known does not depend on who asks.
    let configurations = Configurations::new(&container, &snapshot.secrets)?;
    let dependencies = Dependencies {
        items: &snapshot.connections,
        resources: &snapshot.resources,
    };
    if wanted.variable(DERIVED) {
        let mut derived = Derived::new();
        let prefix = format!("{}-{}", snapshot.component_name, snapshot.environment.name);
        configurations.derive(&prefix, wanted, &mut derived);
        wanted.derive(&mut derived, "servicePorts", || {
            service_ports(&workload.endpoints)
        });
        // Operations are costly to read.
        if wanted.field(DERIVED, ENDPOINT_RESOURCES.1) {
            let resources = tree::variable(&endpoint_resources(&workload.endpoints));
            derived.push((Key::string(ENDPOINT_RESOURCES.1), resources));
        }
        dependencies.derive(wanted, &mut derived);
        variables.push((DERIVED, Value::map(derived.into_iter().collect())));
    }
    if wanted.variable("workload") {
        variables.push((
            "workload",
            context::workload(&container, &workload.endpoints),
        ));
    }
    if wanted.variable("configurations") {
        variables.push(("configurations", configurations.variable()));
    }
    if wanted.variable("dependencies") {
        variables.push(("dependencies", dependencies.variable()));
    }
    Ok(())
}

/// The container of a workload with the overrides of a binding.
fn container_of<'a>(
    workload: &'a WorkloadSnapshot,
    binding: &ReleaseBinding,
) -> Cow<'a, Container> {
    let overrides = binding.workload_overrides.as_ref();
    match overrides.and_then(|overrides| overrides.container.as_ref()) {
        Some(own) => Cow::Owned(overridden(&workload.container, &own.env, &own.files)),
        None => Cow::Borrowed(&workload.container),
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

/// The operations of each endpoint whose schema can be read; an endpoint without one is absent.
pub(crate) fn endpoint_resources(endpoints: &BTreeMap<String, Endpoint>) -> Json {
    let mut resources = Map::new();
    for (name, endpoint) in endpoints {
        let Some(schema) = &endpoint.schema else {
            continue;
        };
        let content = schema.content.as_deref().unwrap_or_default();
        let schema_type = schema.schema_type.as_deref().unwrap_or_default();
        let endpoint_type = endpoint.endpoint_type.as_str();
        if let Ok(operations) = endpoint_schema::operations(endpoint_type, schema_type, content) {
            resources.insert(name.clone(), Json::Array(operations));
        }
    }
    Json::Object(resources)
}

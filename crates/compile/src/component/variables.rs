//! The variables of a component's templates.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::{Map, Value};

use model::{
    Diagnostics,
    kinds::{
        ReleaseBinding, component_release::WorkloadSnapshot, container::Container,
        endpoint::Endpoint, template::FreeForm,
    },
};

use super::Snapshot;
use crate::{
    context::{
        self, Identity, Undeclared, configurations::Configurations, configurations::overridden,
        dependencies::Dependencies, filled, service_ports::service_ports,
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
}

/// What an instance of a trait is given.
pub(super) struct TraitValues {
    pub(super) parameters: FreeForm,
    pub(super) configs: FreeForm,
}

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
        derived: &mut Map<String, Value>,
        name: &str,
        value: impl FnOnce() -> Vec<Value>,
    ) {
        if self.field(DERIVED, name) {
            derived.insert(name.to_owned(), Value::Array(value()));
        }
    }
}

impl Variables {
    /// Every variable there is.
    ///
    /// # Errors
    /// When parameters do not fit their schema, or a secret is not known.
    pub fn all(snapshot: &Snapshot) -> Result<Self, Diagnostics> {
        let component_type = &snapshot.release.component_type.spec;
        let schemas = Schemas::of(
            component_type.parameters.as_ref(),
            component_type.environment_configs.as_ref(),
        );
        Self::make(snapshot, &schemas, Wanted::All)
    }

    /// What the templates of a release read.
    ///
    /// # Errors
    /// As [`Variables::all`].
    pub(super) fn read_by(snapshot: &Snapshot, parts: &Parts) -> Result<Self, Diagnostics> {
        let schemas = &parts.component_type.schemas;
        Self::make(snapshot, schemas, Wanted::ReadBy(parts))
    }

    fn make(
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
        let labels = tree::of(&Value::Object(identity.labels()));
        let cell = names::cell_namespace(
            &snapshot.namespace,
            &snapshot.project_name,
            &snapshot.environment.name,
        );
        let variables = Context::from_json(&map(snapshot, schemas, wanted)?);
        let metadata = metadata(snapshot, &labels, &cell);
        Ok(Self {
            base: variables.with_value("metadata", metadata),
            cell,
            labels: tree::fields(&labels).cloned().unwrap_or_default(),
        })
    }

    /// The variables of an instance of a trait: its own parameters, and `trait`.
    pub(super) fn for_trait(
        &self,
        schemas: &Schemas,
        (name, instance): (&str, &str),
        given: &TraitValues,
    ) -> Result<Context, String> {
        let values = |what: &str, schema, given| {
            filled(what, schema, given, Undeclared::Drop).map(Value::Object)
        };
        let parameters = values("parameters", &schemas.parameters, &given.parameters)?;
        let configs = values("environmentConfigs", &schemas.configs, &given.configs)?;
        let own = [("name", name.into()), ("instanceName", instance.into())];
        Ok(self
            .base
            .with("parameters", &parameters)
            .with("environmentConfigs", &configs)
            .with_value("trait", tree::record(own)))
    }
}

/// The variables of the type by name, the hidden ones included and `metadata` left out.
pub(crate) fn map(
    snapshot: &Snapshot,
    schemas: &Schemas,
    wanted: Wanted<'_>,
) -> Result<Map<String, Value>, Diagnostics> {
    let mut variables = Map::new();
    insert_values(snapshot, schemas, &mut variables)?;
    insert_platform(snapshot, wanted, &mut variables);
    insert_workload(snapshot, wanted, &mut variables)
        .map_err(|reason| render::fault("spec.workload.container", reason))?;
    Ok(variables)
}

fn metadata(snapshot: &Snapshot, labels: &expr::Value, cell: &str) -> expr::Value {
    let (plane, environment) = (&snapshot.data_plane, &snapshot.environment);
    let name = names::component_base(&snapshot.component_name, &environment.name);
    let texts = [
        ("name", name.as_str()),
        ("namespace", cell),
        ("componentNamespace", &snapshot.namespace),
        ("componentName", &snapshot.component_name),
        ("componentUID", &snapshot.component_uid),
        ("projectName", &snapshot.project_name),
        ("projectUID", &snapshot.project_uid),
        ("dataPlaneName", &plane.name),
        ("dataPlaneUID", &plane.uid),
        ("environmentName", &environment.name),
        ("environmentUID", &environment.uid),
    ];
    let mut entries: Vec<_> = texts
        .into_iter()
        .map(|(name, text)| (expr::Key::string(name), expr::Value::string(text)))
        .collect();
    let none = expr::Value::map(expr::Map::new());
    let maps = [
        ("labels", labels),
        ("annotations", &none),
        ("podSelectors", labels),
    ];
    entries.extend(maps.map(|(name, map)| (expr::Key::string(name), map.clone())));
    expr::Value::map(expr::Map::from_entries(entries))
}

fn insert_values(
    snapshot: &Snapshot,
    schemas: &Schemas,
    variables: &mut Map<String, Value>,
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
    let values = filled("parameters", &schemas.parameters, given, Undeclared::Drop)
        .map_err(|reason| fault("spec.parameters", reason))?;
    let configs = filled(
        "environmentConfigs",
        &schemas.configs,
        &snapshot.binding.component_type_environment_configs,
        Undeclared::Drop,
    )
    .map_err(|reason| fault("spec.componentTypeEnvironmentConfigs", reason))?;
    variables.insert("parameters".to_owned(), Value::Object(values));
    variables.insert("environmentConfigs".to_owned(), Value::Object(configs));
    Ok(())
}

fn insert_platform(snapshot: &Snapshot, wanted: Wanted<'_>, variables: &mut Map<String, Value>) {
    if wanted.variable("dataplane") {
        let data_plane = context::annotated_data_plane(&snapshot.data_plane);
        variables.insert("dataplane".to_owned(), data_plane);
    }
    let mut environment = Map::new();
    let (of_variable, of_field) = (
        wanted.variable("gateway"),
        wanted.field("environment", "gateway"),
    );
    if (of_variable || of_field)
        && let Some(gateway) =
            context::gateway(&snapshot.environment.spec, &snapshot.data_plane.spec)
    {
        if of_field {
            environment.insert("gateway".to_owned(), gateway.clone());
        }
        if of_variable {
            variables.insert("gateway".to_owned(), gateway);
        }
    }
    let channel = snapshot.notification_channel.as_ref();
    if let Some(channel) = channel.filter(|name| !name.is_empty()) {
        let name = "defaultNotificationChannel".to_owned();
        environment.insert(name, channel.clone().into());
    }
    variables.insert("environment".to_owned(), Value::Object(environment));
}

fn insert_workload(
    snapshot: &Snapshot,
    wanted: Wanted<'_>,
    variables: &mut Map<String, Value>,
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
        let mut derived = Map::new();
        let prefix = format!("{}-{}", snapshot.component_name, snapshot.environment.name);
        configurations.derive(&prefix, wanted, &mut derived);
        wanted.derive(&mut derived, "servicePorts", || {
            service_ports(&workload.endpoints)
        });
        // Operations are costly to read.
        if wanted.field(DERIVED, ENDPOINT_RESOURCES.1) {
            let resources = endpoint_resources(&workload.endpoints);
            derived.insert(ENDPOINT_RESOURCES.1.to_owned(), resources);
        }
        dependencies.derive(wanted, &mut derived);
        variables.insert(DERIVED.to_owned(), Value::Object(derived));
    }
    if wanted.variable("workload") {
        let workload = context::workload(&container, &workload.endpoints);
        variables.insert("workload".to_owned(), workload);
    }
    if wanted.variable("configurations") {
        variables.insert("configurations".to_owned(), configurations.variable());
    }
    if wanted.variable("dependencies") {
        variables.insert("dependencies".to_owned(), dependencies.variable());
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

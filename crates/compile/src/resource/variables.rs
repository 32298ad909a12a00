//! The variables that the templates of a resource see (reference 3.6).

use serde_json::{Map, Value, json};

use model::{
    Diagnostic,
    kinds::{ResourceType, template::FreeForm},
};

use super::{Snapshot, TYPE};
use crate::{
    context::{self, Identity, Undeclared, parameters},
    names, render,
};

/// What the platform knows, whatever the type says.
pub(super) struct Platform {
    pub(super) metadata: Value,
    pub(super) data_plane: Value,
    pub(super) gateway: Option<Value>,
}

/// To what the objects of a resource belong.
pub(super) fn identity(snapshot: &Snapshot) -> Identity<'_> {
    Identity {
        namespace: &snapshot.namespace,
        project: (&snapshot.project_name, &snapshot.project_uid),
        resource: Some((&snapshot.resource_name, &snapshot.resource_uid)),
        environment: (&snapshot.environment.name, &snapshot.environment.uid),
        ..Identity::default()
    }
}

pub(super) fn platform(snapshot: &Snapshot, cell: &str, labels: &expr::Map) -> Platform {
    let (environment, data_plane) = (&snapshot.environment, &snapshot.data_plane);
    Platform {
        metadata: json!({
            "name": names::resource_base(&snapshot.resource_name, &environment.name),
            "namespace": cell,
            "resourceNamespace": snapshot.namespace,
            "resourceName": snapshot.resource_name,
            "resourceUID": snapshot.resource_uid,
            "projectName": snapshot.project_name,
            "projectUID": snapshot.project_uid,
            "environmentName": environment.name,
            "environmentUID": environment.uid,
            "dataPlaneName": data_plane.name,
            "dataPlaneUID": data_plane.uid,
            "labels": expr::Value::map(labels.clone()).to_json(),
            "annotations": snapshot.annotations,
        }),
        data_plane: context::data_plane(&data_plane.spec)
            .to_json()
            .unwrap_or_default(),
        gateway: context::gateway(&context::merged_gateway(
            &environment.spec,
            &data_plane.spec,
        ))
        .and_then(|gateway| gateway.to_json()),
    }
}

/// Every variable by name. `gateway` is always there, so that templates can ask what it has.
///
/// # Errors
/// A schema of the type cannot be used.
pub(super) fn map(
    resource_type: &ResourceType,
    given: &FreeForm,
    configs: &FreeForm,
    platform: Platform,
) -> Result<Map<String, Value>, Diagnostic> {
    let values = |what: &str, section, given| {
        parameters(what, section, given, Undeclared::Pass)
            .map(Value::Object)
            .map_err(|reason| render::fault(&format!("{TYPE}.{what}"), reason))
    };
    let given = values("parameters", resource_type.parameters.as_ref(), given)?;
    let schema = resource_type.environment_configs.as_ref();
    let configs = values("environmentConfigs", schema, configs)?;
    let environment = match &platform.gateway {
        Some(gateway) => json!({ "gateway": gateway }),
        None => json!({}),
    };
    let gateway = platform.gateway.unwrap_or_else(|| json!({}));
    let variables = [
        ("metadata", platform.metadata),
        ("parameters", given),
        ("environmentConfigs", configs),
        ("dataplane", platform.data_plane),
        ("environment", environment),
        ("gateway", gateway),
    ];
    let named = variables.map(|(name, value)| (name.to_owned(), value));
    Ok(named.into_iter().collect())
}

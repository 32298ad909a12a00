//! The variables that expressions may name, with their types (reference 3.6 and 4).
//!
//! Parameters have the types that their schemas give them, as Kubernetes reads schemas for its own
//! rules; all else has the shape that `context` makes.

use std::sync::Arc;

use serde_json::Value;

use expr::{Declarations, ObjectType, StaticType};
use model::kinds::template::SchemaSection;

use crate::{functions::DERIVED, schema::Schema};

/// Schemas of parameters and of environment configurations.
pub(super) type Sections<'a> = (Option<&'a SchemaSection>, Option<&'a SchemaSection>);

/// The variables of component types; traits have one more.
pub(super) fn of_component_type(sections: Sections<'_>) -> Declarations {
    let own = [
        "name",
        "componentNamespace",
        "componentName",
        "componentUID",
    ];
    in_cell(sections, Others::Drop, &own, &["podSelectors"])
        .with("workload", workload())
        .with("configurations", configurations())
        .with("dependencies", dependencies())
        .with(DERIVED, derived())
}

/// The variables of traits.
pub(super) fn of_trait(sections: Sections<'_>) -> Declarations {
    let this = object("trait", [("name", text()), ("instanceName", text())]);
    of_component_type(sections).with("trait", this)
}

/// The variables of project types.
pub(super) fn of_project_type(sections: Sections<'_>) -> Declarations {
    in_cell(sections, Others::Pass, &["projectNamespace"], &[])
}

/// The variables of resource types. `gateway` is there even where no gateway is.
pub(super) fn of_resource_type(sections: Sections<'_>) -> Declarations {
    let own = ["name", "resourceNamespace", "resourceName", "resourceUID"];
    in_cell(sections, Others::Drop, &own, &[])
}

/// What everything that is rendered into a cell sees, with these further texts and maps in `metadata`.
fn in_cell(sections: Sections<'_>, others: Others, texts: &[&str], maps: &[&str]) -> Declarations {
    let of_all = [
        "namespace",
        "projectName",
        "projectUID",
        "dataPlaneName",
        "dataPlaneUID",
        "environmentName",
        "environmentUID",
    ];
    let texts = [&of_all, texts].concat();
    let maps = [&["labels", "annotations"], maps].concat();
    with_parameters(sections, others)
        .with("metadata", metadata(&texts, &maps))
        .with("dataplane", data_plane())
        .with("environment", environment())
        .with("gateway", gateway())
}

/// These variables, and the status of what was applied.
pub(super) fn with_applied(declared: &Declarations) -> Declarations {
    let status = object("applied", [("status", StaticType::Dyn)]);
    declared.with("applied", StaticType::map(text(), status))
}

/// The variables of workflows.
pub(super) fn of_workflow(parameters: Option<&SchemaSection>, has_refs: bool) -> Declarations {
    let texts = ["namespaceName", "workflowRunName", "namespace"];
    let parameters = parameters_type("parameters", parameters, Others::Pass);
    let declared = Declarations::new()
        .with("metadata", metadata(&texts, &["labels"]))
        .with("parameters", parameters)
        .with(
            "workflowplane",
            object("workflowplane", [("secretStore", text())]),
        );
    if !has_refs {
        return declared;
    }
    let reference = object("externalRef", [("spec", StaticType::Dyn)]);
    declared.with("externalRefs", StaticType::map(text(), reference))
}

/// These variables and that of a loop over values of this type.
pub(super) fn in_loop(declared: &Declarations, name: &str, range: &StaticType) -> Declarations {
    let item = match (range.as_list(), range.as_map()) {
        (Some(item), _) => item.clone(),
        (_, Some((key, value))) => object(name, [("key", key.clone()), ("value", value.clone())]),
        (None, None) => StaticType::Dyn,
    };
    declared.with(name, item)
}

/// Whether expressions may name values that no schema names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    /// They are passed on, and nobody checks the type before it is rendered: projects and workflows.
    Pass,
    /// They are not there, or the reference refuses the type: components, traits and resources.
    Drop,
}

fn with_parameters((parameters, configs): Sections<'_>, others: Others) -> Declarations {
    let declare = |name, section| parameters_type(name, section, others);
    Declarations::new()
        .with("parameters", declare("parameters", parameters))
        .with("environmentConfigs", declare("environmentConfigs", configs))
}

/// What a schema makes of the variable `name`.
fn parameters_type(name: &str, section: Option<&SchemaSection>, others: Others) -> StaticType {
    let raw = section
        .map(|section| &section.open_api_v3_schema)
        .filter(|raw| !raw.is_empty());
    let schema = match raw.map(Schema::parse) {
        Some(Ok(schema)) => of_schema(schema.as_value(), name, others),
        // Said elsewhere, once.
        Some(Err(_)) => return StaticType::Dyn,
        None => None,
    };
    schema.unwrap_or_else(|| parameters_object::<&str>(name, [], others))
}

fn parameters_object<N: Into<Arc<str>>>(
    name: &str,
    fields: impl IntoIterator<Item = (N, StaticType)>,
    others: Others,
) -> StaticType {
    let object = ObjectType::new(name, fields);
    StaticType::object(match others {
        Others::Pass => object.open(),
        Others::Drop => object,
    })
}

/// The type of what a schema describes; `None` if it does not say.
///
/// As `SchemaDeclType` of Kubernetes: additional properties make a map, properties an object; a schema without a
/// type describes nothing, and what has no type cannot be named, unless it combines others: then it may be anything.
fn of_schema(schema: &Value, path: &str, others: Others) -> Option<StaticType> {
    let is_set = |key: &str| schema.get(key).and_then(Value::as_bool) == Some(true);
    if is_set("x-kubernetes-int-or-string") {
        return Some(StaticType::Dyn);
    }
    let combined = || {
        ["oneOf", "anyOf", "allOf"]
            .iter()
            .any(|key| schema.get(key).is_some())
    };
    let Some(kind) = schema.get("type").and_then(Value::as_str) else {
        return combined().then_some(StaticType::Dyn);
    };
    match kind {
        "array" => {
            let item = of_schema(schema.get("items")?, &format!("{path}[]"), others)?;
            Some(StaticType::list(item))
        }
        "object" => {
            if let Some(values) = schema.get("additionalProperties").filter(|s| s.is_object()) {
                let value = of_schema(values, &format!("{path}.*"), others)?;
                return Some(StaticType::map(text(), value));
            }
            let properties = schema.get("properties").and_then(Value::as_object);
            let fields = properties.into_iter().flatten();
            let fields = fields.filter_map(|(name, schema)| {
                let path = format!("{path}.{name}");
                Some((name.as_str(), of_schema(schema, &path, others)?))
            });
            Some(parameters_object(path, fields, others))
        }
        "string" => Some(match schema.get("format").and_then(Value::as_str) {
            Some("byte") => StaticType::Bytes,
            Some("date" | "date-time") => StaticType::Timestamp,
            Some("duration") => StaticType::Duration,
            _ => StaticType::String,
        }),
        "boolean" => Some(StaticType::Bool),
        "integer" => Some(StaticType::Int),
        "number" => Some(StaticType::Double),
        _ => None,
    }
}

fn object<N: Into<Arc<str>>>(
    name: &str,
    fields: impl IntoIterator<Item = (N, StaticType)>,
) -> StaticType {
    StaticType::object(ObjectType::new(name, fields))
}

const fn text() -> StaticType {
    StaticType::String
}

fn texts<'a>(names: &'a [&'a str]) -> impl Iterator<Item = (&'a str, StaticType)> {
    names.iter().map(|name| (*name, text()))
}

fn list_of(name: &str, fields: &[&str]) -> StaticType {
    StaticType::list(object(name, texts(fields)))
}

fn metadata(names: &[&str], maps: &[&str]) -> StaticType {
    let maps = maps
        .iter()
        .map(|name| (*name, StaticType::map(text(), text())));
    object("metadata", texts(names).chain(maps))
}

fn gateway() -> StaticType {
    let listener = object(
        "gatewayListener",
        [
            ("listenerName", text()),
            ("port", StaticType::Int),
            ("host", text()),
        ],
    );
    let door = object(
        "gatewayListeners",
        [
            ("name", text()),
            ("namespace", text()),
            ("http", listener.clone()),
            ("https", listener.clone()),
            ("tls", listener),
        ],
    );
    let pair = object(
        "gatewayNetwork",
        [("external", door.clone()), ("internal", door)],
    );
    object("gateway", [("ingress", pair.clone()), ("egress", pair)])
}

fn data_plane() -> StaticType {
    let reference = object("observabilityPlaneRef", texts(&["kind", "name"]));
    object(
        "dataplane",
        [
            ("secretStore", text()),
            ("gateway", gateway()),
            ("observabilityPlaneRef", reference),
            ("annotations", StaticType::map(text(), text())),
        ],
    )
}

fn environment() -> StaticType {
    object(
        "environment",
        [
            ("gateway", gateway()),
            ("defaultNotificationChannel", text()),
        ],
    )
}

fn workload() -> StaticType {
    let texts = || StaticType::list(text());
    let container = object(
        "workload.container",
        [("image", text()), ("command", texts()), ("args", texts())],
    );
    let endpoint = object(
        "endpoint",
        [
            ("displayName", text()),
            ("port", StaticType::Int),
            ("targetPort", StaticType::Int),
            ("type", text()),
            ("basePath", text()),
            ("visibility", texts()),
            (
                "schema",
                object("endpoint.schema", self::texts(&["type", "content"])),
            ),
        ],
    );
    object(
        "workload",
        [
            ("container", container),
            ("endpoints", StaticType::map(text(), endpoint)),
        ],
    )
}

fn remote_ref() -> StaticType {
    object("remoteRef", texts(&["key", "property", "version"]))
}

/// Variables or files of the workload; those that are secret name where the secret is.
fn env_entries() -> StaticType {
    let fields = texts(&["name", "value"]).chain([("remoteRef", remote_ref())]);
    StaticType::list(object("envEntry", fields))
}

fn file_entries(more: &[&str]) -> StaticType {
    let fields = texts(&["name", "mountPath", "value"])
        .chain(texts(more))
        .chain([("remoteRef", remote_ref())]);
    let name = if more.is_empty() {
        "fileEntry"
    } else {
        "fileListEntry"
    };
    StaticType::list(object(name, fields))
}

fn configurations() -> StaticType {
    let section = object(
        "configurationItems",
        [("envs", env_entries()), ("files", file_entries(&[]))],
    );
    object(
        "configurations",
        [("configs", section.clone()), ("secrets", section)],
    )
}

fn env_vars() -> StaticType {
    let fields = texts(&["name", "value"]).chain([("valueFrom", StaticType::Dyn)]);
    StaticType::list(object("envVar", fields))
}

fn volume_mounts() -> StaticType {
    let fields = texts(&["name", "mountPath", "subPath"]).chain([("readOnly", StaticType::Bool)]);
    StaticType::list(object("volumeMount", fields))
}

fn volumes() -> StaticType {
    let sources = [
        "configMap",
        "secret",
        "emptyDir",
        "projected",
        "persistentVolumeClaim",
    ];
    let sources = sources.map(|source| (source, StaticType::Dyn));
    StaticType::list(object("volume", texts(&["name"]).chain(sources)))
}

fn dependencies() -> StaticType {
    let item = [
        "namespace",
        "project",
        "component",
        "endpoint",
        "visibility",
    ];
    let item = object("dependency", texts(&item).chain([("envVars", env_vars())]));
    let lists = || {
        [
            ("envVars", env_vars()),
            ("volumeMounts", volume_mounts()),
            ("volumes", volumes()),
        ]
    };
    let resource = object("resourceDependency", texts(&["ref"]).chain(lists()));
    let of_each = [
        ("items", StaticType::list(item)),
        ("resources", StaticType::list(resource)),
    ];
    object("dependencies", of_each.into_iter().chain(lists()))
}

/// What the methods of component templates stand for.
fn derived() -> StaticType {
    let by_container = object(
        "envsByContainer",
        [("resourceName", text()), ("envs", env_entries())],
    );
    let name = |of| object(of, texts(&["name"]));
    let env_from = object(
        "envFrom",
        [
            ("configMapRef", name("configMapRef")),
            ("secretRef", name("secretRef")),
        ],
    );
    let port = object(
        "servicePort",
        [
            ("name", text()),
            ("port", StaticType::Int),
            ("targetPort", StaticType::Int),
            ("protocol", text()),
        ],
    );
    let resources = list_of("endpointResource", &["method", "path", "service"]);
    let by_container = StaticType::list(by_container);
    object(
        DERIVED,
        [
            ("configFileList", file_entries(&["resourceName"])),
            ("secretFileList", file_entries(&["resourceName"])),
            ("containerEnvFrom", StaticType::list(env_from)),
            ("configVolumeMounts", volume_mounts()),
            ("configVolumes", volumes()),
            ("configEnvs", by_container.clone()),
            ("secretEnvs", by_container),
            ("servicePorts", StaticType::list(port)),
            ("dependencyEnvVars", env_vars()),
            ("dependencyVolumeMounts", volume_mounts()),
            ("dependencyVolumes", volumes()),
            ("endpointResources", StaticType::map(text(), resources)),
        ],
    )
}

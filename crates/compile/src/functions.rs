//! The platform's own functions and methods in template expressions.
//!
//! `expr` knows nothing of them; they are registered here, once per [`Methods`].

use expr::{Environment, Error, Map, Overloads, Value};
use model::name;

/// Which methods on context variables are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Methods {
    /// None.
    Plain,
    /// Those of components, such as `configurations.toVolumes()`: they stand for fields of the
    /// hidden variable [`DERIVED`].
    Component,
}

/// The hidden variable that component methods read.
pub const DERIVED: &str = "derived";

/// Receiver, method, and the field of [`DERIVED`] it stands for.
const COMPONENT_METHODS: [(&str, &str, &str); 11] = [
    ("configurations", "toConfigFileList", "configFileList"),
    ("configurations", "toSecretFileList", "secretFileList"),
    ("configurations", "toContainerEnvFrom", "containerEnvFrom"),
    (
        "configurations",
        "toContainerVolumeMounts",
        "configVolumeMounts",
    ),
    ("configurations", "toVolumes", "configVolumes"),
    ("configurations", "toConfigEnvsByContainer", "configEnvs"),
    ("configurations", "toSecretEnvsByContainer", "secretEnvs"),
    ("workload", "toServicePorts", "servicePorts"),
    ("dependencies", "toContainerEnvs", "dependencyEnvVars"),
    (
        "dependencies",
        "toContainerVolumeMounts",
        "dependencyVolumeMounts",
    ),
    ("dependencies", "toVolumes", "dependencyVolumes"),
];

/// `workload.toEndpointResources(name)`, which looks a name up in this field of [`DERIVED`].
pub const ENDPOINT_RESOURCES: (&str, &str) = ("toEndpointResources", "endpointResources");

/// An environment with the `oc_*` functions, and these methods.
#[must_use]
pub fn environment(methods: Methods) -> Environment {
    let names = || Overloads::of(&["string... -> string", "list(dyn) -> string", "-> string"]);
    let maps = Overloads::of(&["map(string, dyn), map(string, dyn)... -> map(string, dyn)"]);
    let mut builder = Environment::builder()
        .function("oc_omit", Overloads::of(&["-> dyn"]), |_| Ok(Value::Omit))
        .function(
            "oc_merge",
            maps.or_say("oc_merge requires at least 2 arguments"),
            merge,
        )
        .function("oc_generate_name", names(), |parts| {
            generate("oc_generate_name", parts, name::MAX_NAME)
        })
        .function("oc_dns_label", names(), |parts| {
            generate("oc_dns_label", parts, name::MAX_LABEL)
        })
        .function("oc_hash", Overloads::of(&["string -> string"]), hash);
    if methods == Methods::Component {
        for (receiver, method, field) in COMPONENT_METHODS {
            builder = builder.method_as_field((receiver, method), (DERIVED, field));
        }
        let (method, field) = ENDPOINT_RESOURCES;
        builder = builder.method_as_lookup(("workload", method), (DERIVED, field));
    }
    builder.build()
}

/// One map of all, the later ones winning key by key.
fn merge(maps: &[Value]) -> Result<Value, Error> {
    let mut merged = Map::new();
    for map in maps {
        let Value::Map(map) = map else {
            return Err(Error::argument(format!(
                "oc_merge merges maps, got {}",
                map.type_of().name()
            )));
        };
        merged = merged.merged(map);
    }
    Ok(Value::map(merged))
}

/// A name from text arguments, or from one list of text.
fn generate(function: &str, arguments: &[Value], limit: usize) -> Result<Value, Error> {
    let parts = match arguments {
        [Value::List(items)] => items.as_slice(),
        _ => arguments,
    };
    if parts.is_empty() {
        return Err(Error::argument(format!(
            "{function} requires at least 1 argument"
        )));
    }
    let parts: Vec<&str> = parts
        .iter()
        .map(|part| {
            part.as_str().ok_or_else(|| {
                Error::argument(format!(
                    "{function} takes text, got {}",
                    part.type_of().name()
                ))
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Value::from(name::generate(&parts, limit)))
}

fn hash(arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::String(text)] => Ok(Value::from(format!(
            "{:08x}",
            name::fnv1a_32(text.as_bytes())
        ))),
        _ => Err(Error::argument("oc_hash takes one text")),
    }
}

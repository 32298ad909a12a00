//! The operations that an endpoint's schema describes: OpenAPI (method and path) or Protocol Buffers
//! (service and method).
//!
//! Templates reach them as `workload.toEndpointResources(name)`. Nothing is fetched: a schema that
//! refers to other files is refused. Texts are bounded in length and nesting before they are parsed.

use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use serde_json::{Value, json};

/// Longest schema text that is read, in bytes.
pub const MAX_TEXT: usize = 1 << 20;
/// Deepest nesting of braces that is read; real definitions stay far below.
const MAX_DEPTH: usize = 64;

/// A schema describes no operations.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No reader for schemas of this type.
    #[error("no extractor registered for schema type {0:?}")]
    UnknownType(String),
    /// The text is longer or nested deeper than anything that is read.
    #[error("schema exceeds the limit of {0}")]
    TooLarge(&'static str),
    /// The text is not a Protocol Buffers definition that stands on its own.
    #[error("extract proto schema: compile proto source: {0}")]
    Proto(String),
    /// The text is not an OpenAPI document.
    #[error("extract openapi schema: {0}")]
    OpenApi(String),
}

/// The operations of a schema, sorted: `{kind: HTTP, method, path}` or `{kind: gRPC, service, method}`.
///
/// Without a `schema_type` the type follows from `endpoint_type`.
///
/// # Errors
/// When no reader knows the type, or the text is not of that type.
pub fn operations(
    endpoint_type: &str,
    schema_type: &str,
    content: &str,
) -> Result<Vec<Value>, Error> {
    if content.trim().is_empty() {
        return Ok(Vec::new());
    }
    if content.len() > MAX_TEXT {
        return Err(Error::TooLarge("1 MiB"));
    }
    let wanted = match schema_type.trim() {
        "" => default_type(endpoint_type),
        stated => stated,
    };
    match wanted.to_ascii_lowercase().as_str() {
        "proto" | "protobuf" | "proto3" | "grpc" => proto(content),
        "openapi" | "openapi3" | "swagger" | "rest" | "http" => open_api(content),
        other => Err(Error::UnknownType(other.to_owned())),
    }
}

fn default_type(endpoint_type: &str) -> &'static str {
    match endpoint_type {
        "gRPC" => "proto",
        "HTTP" => "openapi",
        "GraphQL" => "graphql",
        "Websocket" => "asyncapi",
        _ => "none",
    }
}

fn open_api(content: &str) -> Result<Vec<Value>, Error> {
    const METHODS: &[&str] = &[
        "get", "put", "post", "delete", "options", "head", "patch", "trace", "connect",
    ];
    let document: Value =
        model::yaml::from_str(content).map_err(|error| Error::OpenApi(error.to_string()))?;
    if !document.is_object() {
        return Err(Error::OpenApi("the document is not a map".to_owned()));
    }
    let mut found: Vec<(&str, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        let methods = item.as_object().into_iter().flat_map(|item| item.keys());
        found.extend(
            methods
                .filter(|method| METHODS.contains(&method.as_str()))
                .map(|method| (path.as_str(), method.to_ascii_uppercase())),
        );
    }
    found.sort();
    Ok(found
        .into_iter()
        .map(|(path, method)| json!({"kind": "HTTP", "method": method, "path": path}))
        .collect())
}

const FILE: &str = "endpoint.proto";

/// The one file of a schema; imports other than Google's own are not found.
struct Single(String);

impl FileResolver for Single {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match name {
            FILE => File::from_source(name, &self.0),
            other => Err(protox::Error::file_not_found(other)),
        }
    }
}

fn proto(content: &str) -> Result<Vec<Value>, Error> {
    if nesting(content) > MAX_DEPTH {
        return Err(Error::TooLarge("64 levels"));
    }
    let mut resolver = ChainFileResolver::new();
    resolver.add(Single(content.to_owned()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler
        .open_file(FILE)
        .map_err(|error| Error::Proto(error.to_string()))?;
    let set = compiler.file_descriptor_set();
    let mut found: Vec<(String, String)> = Vec::new();
    for file in set.file.iter().filter(|file| file.name() == FILE) {
        let package = file.package();
        for service in &file.service {
            let full = match package {
                "" => service.name().to_owned(),
                package => format!("{package}.{}", service.name()),
            };
            found.extend(
                service
                    .method
                    .iter()
                    .map(|method| (full.clone(), method.name().to_owned())),
            );
        }
    }
    found.sort();
    Ok(found
        .into_iter()
        .map(|(service, method)| json!({"kind": "gRPC", "method": method, "service": service}))
        .collect())
}

fn nesting(content: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0usize);
    for byte in content.bytes() {
        match byte {
            b'{' | b'[' | b'(' | b'<' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' | b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

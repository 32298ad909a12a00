//! Objects of any kind: list, read, create, update, delete.

use std::collections::HashMap;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use model::{Code, Envelope, KindName, ObjectKey, RawJson, Scope, label};
use proto::resources::{
    DeleteRequest, GetRequest, Key, ListRequest, Object, UpdateRequest, WriteRequest,
};

use crate::{caller::Caller, problem::Problem, upstream::Upstream};

type Kind = (KindName, Scope);
type Names = Path<HashMap<String, String>>;

/// Filters of lists, and the fields that they look at.
const FILTERS: &[(&str, &str)] = &[
    ("project", "spec.owner.projectName"),
    ("component", "spec.owner.componentName"),
    ("environment", "spec.environment"),
    ("workflow", "spec.workflow.name"),
];

pub(super) async fn list(
    (kind, scope): Kind,
    State(upstream): State<Upstream>,
    Path(names): Names,
    Query(query): Query<HashMap<String, String>>,
    caller: Caller,
) -> Result<Response, Problem> {
    let limit = match query.get("limit").map(|limit| limit.parse::<i64>()) {
        None => 0,
        // A limit is clamped; zero and less mean the default page, as in the reference.
        Some(Ok(limit)) if limit <= 0 => 20,
        Some(Ok(limit)) => u32::try_from(limit).unwrap_or(u32::MAX).min(100),
        Some(Err(error)) => return Err(Problem::new(Code::Invalid, format!("limit: {error}"))),
    };
    let text = |name: &str| query.get(name).cloned().unwrap_or_default();
    let fields = FILTERS
        .iter()
        .filter_map(|(name, path)| Some(((*path).to_owned(), query.get(*name)?.clone())))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let request = ListRequest {
        kind: kind.public_name(scope).to_owned(),
        namespace: names.get("ns").cloned().unwrap_or_default(),
        label_selector: text("labelSelector"),
        fields,
        limit,
        cursor: text("cursor"),
    };
    let page = upstream
        .resources()
        .list(caller.request(request))
        .await?
        .into_inner();
    let items: Vec<Value> = page
        .objects
        .into_iter()
        .map(document)
        .collect::<Result<_, _>>()?;
    let mut pagination = Map::new();
    if !page.next_cursor.is_empty() {
        pagination.insert("nextCursor".to_owned(), page.next_cursor.into());
        // Nothing is said where the caller may not know how much there is.
        if page.remaining > 0 {
            pagination.insert("remainingCount".to_owned(), page.remaining.into());
        }
    }
    Ok(Json(json!({"items": items, "pagination": pagination})).into_response())
}

pub(super) async fn find(
    kind: Kind,
    State(upstream): State<Upstream>,
    Path(names): Names,
    caller: Caller,
) -> Result<Response, Problem> {
    let request = GetRequest {
        key: Some(key(kind, &names)),
    };
    let object = upstream
        .resources()
        .get(caller.request(request))
        .await?
        .into_inner();
    Ok(Json(document(object)?).into_response())
}

pub(super) async fn create(
    kind: Kind,
    State(upstream): State<Upstream>,
    Path(names): Names,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Problem> {
    let object = Some(read(kind, &names, &body, None)?);
    let request = WriteRequest {
        object,
        dry_run: false,
    };
    let object = upstream
        .resources()
        .create(caller.request(request))
        .await?
        .into_inner();
    Ok((StatusCode::CREATED, Json(document(object)?)).into_response())
}

pub(super) async fn update(
    kind: Kind,
    State(upstream): State<Upstream>,
    Path(names): Names,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Problem> {
    let name = names.get("name").map(String::as_str);
    let object = Some(read(kind, &names, &body, name)?);
    let request = UpdateRequest {
        object,
        dry_run: false,
        status_only: false,
    };
    let object = upstream
        .resources()
        .update(caller.request(request))
        .await?
        .into_inner();
    Ok(Json(document(object)?).into_response())
}

pub(super) async fn delete(
    kind: Kind,
    State(upstream): State<Upstream>,
    Path(names): Names,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    let request = DeleteRequest {
        key: Some(key(kind, &names)),
        revision: 0,
    };
    upstream.resources().delete(caller.request(request)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn key((kind, scope): Kind, names: &HashMap<String, String>) -> Key {
    Key {
        kind: kind.public_name(scope).to_owned(),
        namespace: names.get("ns").cloned().unwrap_or_default(),
        name: names.get("name").cloned().unwrap_or_default(),
    }
}

/// The document of an object.
pub(crate) fn document(object: Object) -> Result<Value, Problem> {
    let envelope = Envelope::try_from(object)
        .map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    Ok(envelope.to_document())
}

/// Reads a body. Kind, namespace and, for an update, name are those of the path, whatever the body says.
pub(crate) fn read(
    (kind, scope): Kind,
    names: &HashMap<String, String>,
    body: &[u8],
    name: Option<&str>,
) -> Result<Object, Problem> {
    let mut document: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::new(Code::Invalid, format!("the body is not JSON: {error}")))?;
    let Some(map) = document.as_object_mut() else {
        return Err(Problem::new(Code::Invalid, "the body must be an object"));
    };
    map.insert("apiVersion".to_owned(), kind.api_version().into());
    map.insert("kind".to_owned(), kind.public_name(scope).into());
    map.shift_remove("status");
    if let Some(name) = name {
        let metadata = map.entry("metadata").or_insert_with(|| json!({}));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("name".to_owned(), name.into());
        }
    }
    default_on_create(kind, name, map);
    let mut envelope = Envelope::from_document(&document, names.get("ns").map(String::as_str))
        .map_err(|error| Problem::new(Code::Invalid, error.to_string()))?;
    if scope == Scope::Namespaced {
        let namespace = names.get("ns").cloned().unwrap_or_default();
        envelope.metadata.namespace = Some(namespace.clone());
        envelope.key = ObjectKey::namespaced(kind, &namespace, &envelope.key.name);
    }
    if kind == KindName::Namespace {
        envelope
            .metadata
            .labels
            .insert(label::CONTROL_PLANE.to_owned(), "true".to_owned());
    }
    envelope.status = RawJson::null();
    Ok(Object::from(&envelope))
}

/// A new project uses the default pipeline and type unless it says otherwise (reference 6.2).
fn default_on_create(kind: KindName, name: Option<&str>, document: &mut Map<String, Value>) {
    if kind != KindName::Project || name.is_some() {
        return;
    }
    let spec = document.entry("spec").or_insert_with(|| json!({}));
    if let Some(spec) = spec.as_object_mut() {
        spec.entry("deploymentPipelineRef")
            .or_insert_with(|| json!({"kind": "DeploymentPipeline", "name": "default"}));
        spec.entry("type")
            .or_insert_with(|| json!({"kind": "ClusterProjectType", "name": "default"}));
    }
}

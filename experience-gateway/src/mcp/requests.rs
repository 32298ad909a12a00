//! From a tool and its arguments to requests and documents. Pure.

use serde_json::{Map, Value, json};

use model::{Code, KindName};
use proto::resources::{Key, ListRequest};

use super::{arguments::Arguments, table::Fields};
use crate::problem::Problem;

/// Most objects on a page, and as many as there are without a limit.
const PAGE: u32 = 100;

pub(super) fn key(kind: KindName, object: &str, arguments: &Arguments) -> Result<Key, Problem> {
    let (scope, namespace) = arguments.place(kind)?;
    let kind = kind.public_name(scope).to_owned();
    Ok(Key {
        kind,
        namespace: namespace.to_owned(),
        name: arguments.fill(object),
    })
}

pub(super) fn list(
    kind: KindName,
    by: Fields,
    arguments: &Arguments,
) -> Result<ListRequest, Problem> {
    let (scope, namespace) = arguments.place(kind)?;
    let limit = arguments
        .value("limit")
        .and_then(Value::as_i64)
        .filter(|limit| *limit > 0);
    let fields = by
        .iter()
        .filter(|(argument, _)| arguments.value(argument).is_some())
        .map(|(argument, path)| ((*path).to_owned(), arguments.text(argument).to_owned()))
        .collect();
    Ok(ListRequest {
        kind: kind.public_name(scope).to_owned(),
        namespace: namespace.to_owned(),
        fields,
        limit: limit.map_or(PAGE, |limit| u32::try_from(limit).unwrap_or(PAGE).min(PAGE)),
        cursor: arguments.text("cursor").to_owned(),
        ..ListRequest::default()
    })
}

/// The document of a new object.
pub(super) fn document(
    object: &str,
    fields: Fields,
    arguments: &Arguments,
) -> Result<Value, Problem> {
    let mut document = json!({"metadata": {"name": arguments.fill(object)}, "spec": {}});
    apply(&mut document, fields, arguments)?;
    Ok(document)
}

/// Changes a document as the arguments say. Who owns it never changes.
pub(super) fn change(
    document: &mut Value,
    fields: Fields,
    arguments: &Arguments,
) -> Result<(), Problem> {
    let owner = document.pointer("/spec/owner").cloned();
    apply(document, fields, arguments)?;
    if let Some(owner) = owner {
        set(document, "/spec/owner", owner)?;
    }
    Ok(())
}

fn apply(document: &mut Value, fields: Fields, arguments: &Arguments) -> Result<(), Problem> {
    for (argument, pointer) in fields {
        if let Some(value) = arguments.value(argument) {
            set(document, pointer, value.clone())?;
        }
    }
    Ok(())
}

/// Puts a value at a JSON pointer, and makes the objects on the way.
pub(super) fn set(document: &mut Value, pointer: &str, value: Value) -> Result<(), Problem> {
    let mut place = document;
    for step in pointer.split('/').skip(1) {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        let Some(map) = place.as_object_mut() else {
            return Err(Problem::new(
                Code::Invalid,
                format!("{pointer}: what is above it is not an object"),
            ));
        };
        place = map
            .entry(step.replace("~1", "/").replace("~0", "~"))
            .or_insert(Value::Null);
    }
    *place = value;
    Ok(())
}

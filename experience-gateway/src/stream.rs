//! Changes as server-sent events, from any revision that is still known.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Query, State},
    http::HeaderMap,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{Stream, StreamExt};
use serde::Deserialize;
use serde_json::json;

use proto::resources::{WatchRequest, event::Type};

use crate::{caller::Caller, problem::Problem, rest::objects::document, upstream::Upstream};

/// What a client wants to see.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    /// Kinds, separated by commas; all without it.
    #[serde(default)]
    kinds: String,
    /// Namespace; all without it.
    #[serde(default)]
    namespace: String,
    /// Changes after this revision; from now on without it.
    #[serde(default)]
    after: u64,
}

/// `GET /events`: each event has the revision as its id, so that a browser resumes where it was.
pub(crate) async fn events(
    State(upstream): State<Upstream>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let kinds = wanted
        .kinds
        .split(',')
        .map(str::trim)
        .filter(|kind| !kind.is_empty());
    let request = WatchRequest {
        kinds: kinds.map(str::to_owned).collect(),
        namespace: wanted.namespace,
        after: last.unwrap_or(wanted.after),
    };
    let changes = upstream
        .resources()
        .watch(caller.request(request))
        .await?
        .into_inner();
    let events = changes.map(|change| {
        let change = match change {
            Ok(change) => change,
            Err(status) => {
                return Ok(Event::default().event("error").data(status.message()));
            }
        };
        let name = match change.r#type() {
            Type::Put => "put",
            Type::Deleted => "deleted",
            Type::Bookmark | Type::Unspecified => "bookmark",
            Type::Expired => "expired",
        };
        let object = change.object.and_then(|object| document(object).ok());
        let data = json!({"revision": change.revision.to_string(), "object": object});
        Ok(Event::default()
            .event(name)
            .id(change.revision.to_string())
            .data(data.to_string()))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

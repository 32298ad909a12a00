//! Logs of a component, as server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Path, Query, State},
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{Stream, StreamExt, stream::BoxStream};
use serde::Deserialize;
use serde_json::json;

use proto::query::{LogEntry, LogQuery, LogScope, TailRequest};

use crate::{caller::Caller, problem::Problem, upstream::Upstream};

/// What a client wants to see.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    environment: String,
    #[serde(default)]
    follow: bool,
    #[serde(default)]
    limit: u32,
    #[serde(default)]
    phrase: String,
}

/// `GET …/components/{name}/logs`: what there is, and with `follow` what comes.
pub(crate) async fn tail(
    State(upstream): State<Upstream>,
    Path((ns, name)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let scope = LogScope {
        namespace: ns,
        component: name,
        environment: wanted.environment,
        ..LogScope::default()
    };
    let entries: BoxStream<'static, Result<LogEntry, tonic::Status>> = if wanted.follow {
        let request = TailRequest {
            scope: Some(scope),
            backlog: wanted.limit.max(20),
        };
        upstream
            .logs()
            .tail(caller.request(request))
            .await?
            .into_inner()
            .boxed()
    } else {
        let request = LogQuery {
            scope: Some(scope),
            limit: wanted.limit,
            phrase: wanted.phrase,
            ..LogQuery::default()
        };
        let page = upstream
            .logs()
            .query(caller.request(request))
            .await?
            .into_inner();
        let mut entries = page.entries;
        entries.reverse();
        futures::stream::iter(entries.into_iter().map(Ok)).boxed()
    };
    let events = entries.map(|entry| {
        Ok(match entry {
            Ok(entry) => Event::default()
                .event("line")
                .data(line(&entry).to_string()),
            Err(status) => Event::default().event("error").data(status.message()),
        })
    });
    let end = futures::stream::once(async { Ok(Event::default().event("end").data("")) });
    let stream = events.chain(end);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

fn line(entry: &LogEntry) -> serde_json::Value {
    let scope = entry.scope.clone().unwrap_or_default();
    json!({
        "time": entry.time_ns / 1_000_000, "level": entry.level, "text": entry.text, "pod": entry.pod,
        "container": entry.container, "component": scope.component, "environment": scope.environment,
    })
}

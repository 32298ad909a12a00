//! The Observer API, in the shapes of OpenChoreo.

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tonic::Status;

use model::Code;
use telemetry::{Entry, Query, Scope};

use crate::query::Queries;

/// A question, as portals and tools send it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogsRequest {
    start_time: Timestamp,
    end_time: Timestamp,
    #[serde(default)]
    limit: u32,
    #[serde(default)]
    sort_order: SortOrder,
    search_scope: SearchScope,
    #[serde(default)]
    log_levels: Vec<String>,
    #[serde(default)]
    search_phrase: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SortOrder {
    Asc,
    #[default]
    Desc,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SearchScope {
    namespace: String,
    #[serde(default)]
    project: String,
    #[serde(default)]
    component: String,
    #[serde(default)]
    environment: String,
    #[serde(default)]
    workflow_run_name: String,
    #[serde(default)]
    task_name: String,
}

pub(crate) fn router(queries: Queries) -> Router {
    Router::new()
        .route(
            "/health",
            get(|| async { Json(json!({"status": "healthy"})) }),
        )
        .route("/api/v1/logs/query", post(logs))
        .with_state(queries)
}

async fn logs(State(queries): State<Queries>, headers: HeaderMap, body: Bytes) -> Response {
    let begin = std::time::Instant::now();
    let asked: LogsRequest = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => {
            return problem(
                StatusCode::BAD_REQUEST,
                "OBS-V1-REQUEST",
                &error.to_string(),
            );
        }
    };
    let nanos = |time: Timestamp| i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX);
    let scope = asked.search_scope;
    let is_run = !scope.workflow_run_name.is_empty();
    let query = Query {
        scope: Scope {
            namespace: scope.namespace,
            project: scope.project,
            component: scope.component,
            environment: scope.environment,
            workflow_run: scope.workflow_run_name,
            task: scope.task_name,
        },
        start_ns: nanos(asked.start_time),
        end_ns: nanos(asked.end_time),
        limit: asked.limit,
        ascending: asked.sort_order == SortOrder::Asc,
        levels: asked.log_levels,
        phrase: asked.search_phrase,
    };
    let authorization = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    match queries.answer(authorization, query).await {
        Err(status) => refused(&status),
        Ok(page) => {
            let logs: Vec<Value> = page
                .entries
                .iter()
                .map(|entry| line(entry, is_run))
                .collect();
            let took = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
            Json(json!({"logs": logs, "total": page.total, "tookMs": took})).into_response()
        }
    }
}

fn line(entry: &Entry, is_run: bool) -> Value {
    let time = Timestamp::from_nanosecond(i128::from(entry.time_ns)).unwrap_or_default();
    let mut line = json!({"timestamp": time, "log": entry.text});
    if !is_run {
        line["level"] = json!(entry.level);
        line["metadata"] = json!({
            "componentName": entry.scope.component,
            "projectName": entry.scope.project,
            "environmentName": entry.scope.environment,
            "namespaceName": entry.scope.namespace,
            "containerName": entry.container,
            "podName": entry.pod,
            "podNamespace": entry.pod_namespace,
        });
    }
    line
}

fn refused(status: &Status) -> Response {
    let (http, code) = match proto::status::code(status) {
        Code::Invalid => (StatusCode::BAD_REQUEST, "OBS-V1-REQUEST"),
        Code::Unauthenticated => (StatusCode::UNAUTHORIZED, "OBS-V1-UNAUTHORIZED"),
        Code::Forbidden => (StatusCode::FORBIDDEN, "OBS-V1-FORBIDDEN"),
        Code::NotFound => (StatusCode::NOT_FOUND, "OBS-V1-NOT-FOUND"),
        Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "OBS-V1-UNAVAILABLE"),
        Code::AlreadyExists | Code::Conflict | Code::Exhausted | Code::Internal => {
            (StatusCode::INTERNAL_SERVER_ERROR, "OBS-V1-INTERNAL")
        }
    };
    problem(http, code, status.message())
}

fn problem(status: StatusCode, code: &str, message: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    (
        status,
        Json(json!({"title": title, "errorCode": code, "message": message})),
    )
        .into_response()
}

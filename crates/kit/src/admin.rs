//! The port for operators: is it alive, is it ready, what does it measure, what does it do, what does it log.

use std::net::SocketAddr;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use prometheus::TextEncoder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chain;
use crate::tasks::Tasks;
use crate::telemetry::{LogLevel, Telemetry};

/// Where the port is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Its address; port 0 takes a free one, which is logged. It has no authentication: keep it on loopback, or in
    /// a pod behind a network policy.
    pub listen: SocketAddr,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }
}

/// What the port shows and changes.
#[derive(Clone)]
pub(crate) struct Admin {
    tasks: Tasks,
    metrics: prometheus::Registry,
    log_level: LogLevel,
}

impl Admin {
    pub(crate) fn new(tasks: &Tasks, telemetry: &Telemetry) -> Self {
        Self {
            tasks: tasks.clone(),
            metrics: telemetry.metrics(),
            log_level: telemetry.log_level(),
        }
    }

    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/livez", get(async || "alive\n"))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .route(
                "/tasks",
                get(async |State(admin): State<Self>| Json(admin.tasks.report())),
            )
            .route("/log-level", put(log_level))
            .with_state(self)
    }
}

async fn readyz(State(admin): State<Admin>) -> Response {
    let unready = admin.tasks.unready();
    if unready.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, unready.join("\n") + "\n").into_response()
}

async fn metrics(State(admin): State<Admin>) -> Response {
    match TextEncoder::new().encode_to_string(&admin.metrics.gather()) {
        Ok(text) => (
            [(
                header::CONTENT_TYPE,
                "text/plain; version=0.0.4; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "the metrics cannot be shown");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn log_level(State(admin): State<Admin>, directives: String) -> Response {
    let directives = directives.trim();
    match admin.log_level.set(directives) {
        Ok(()) => {
            tracing::info!(log.level = directives, "the log level was changed");
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, chain(&error) + "\n").into_response(),
    }
}

//! The REST API, in the shapes of OpenChoreo. Routes follow from the table of kinds.

mod authz;
pub(crate) mod objects;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::json;

use model::{KindName, Scope};

use crate::{logs, mcp, portal, preview, stream, upstream::Upstream, verbs};

/// Kinds that are read only: they are made by the platform, or frozen.
const READ_ONLY: &[KindName] = &[KindName::RenderedRelease];
/// Kinds that are created and deleted but never changed.
const FROZEN: &[KindName] = &[KindName::ComponentRelease, KindName::ProjectRelease];

/// Everything that is served.
pub(crate) fn router(upstream: Upstream) -> Router {
    let mut router = Router::new()
        .route("/health", get(|| async { "OK" }))
        .route("/ready", get(ready))
        .route("/version", get(version))
        .route("/events", get(stream::events))
        .route("/api/v1/whoami", get(verbs::who_am_i))
        .route("/api/v1alpha1/preview/compare", post(preview::compare))
        .route("/api/v1/authz/actions", get(authz::actions))
        .route("/api/v1/authz/evaluates", post(authz::evaluates))
        .route("/api/v1/authz/profile", get(authz::profile))
        .route("/api/v1/links", get(verbs::links))
        .route("/api/v1/links/{plane}/token", post(verbs::join_token))
        .route("/api/v1/links/{plane}/revoke", post(verbs::revoke))
        .route(
            "/api/v1/namespaces/{ns}/components/{name}/generate-release",
            post(verbs::generate_release),
        )
        .route(
            "/api/v1/namespaces/{ns}/components/{name}/deploy",
            post(verbs::deploy),
        )
        .route(
            "/api/v1/namespaces/{ns}/components/{name}/promote",
            post(verbs::promote),
        )
        .route(
            "/api/v1/namespaces/{ns}/components/{name}/view",
            get(verbs::view),
        )
        .route(
            "/api/v1/namespaces/{ns}/components/{name}/logs",
            get(logs::tail),
        );
    for (kind, scope) in KindName::each_scope() {
        let plural = kind.plural(scope);
        let collection = match scope {
            Scope::Namespaced => format!("/api/v1/namespaces/{{ns}}/{plural}"),
            Scope::Cluster => format!("/api/v1/{plural}"),
        };
        let item = format!("{collection}/{{name}}");
        let list = get(move |state, path, query, caller| {
            objects::list((kind, scope), state, path, query, caller)
        });
        let read =
            get(move |state, path, caller| objects::find((kind, scope), state, path, caller));
        let create = move |state, path, caller, body| {
            objects::create((kind, scope), state, path, caller, body)
        };
        let update = move |state, path, caller, body| {
            objects::update((kind, scope), state, path, caller, body)
        };
        let delete = move |state, path, caller| objects::delete((kind, scope), state, path, caller);
        router = if READ_ONLY.contains(&kind) {
            router.route(&collection, list).route(&item, read)
        } else if FROZEN.contains(&kind) {
            router
                .route(&collection, list.post(create))
                .route(&item, read.delete(delete))
        } else {
            router
                .route(&collection, list.post(create))
                .route(&item, read.put(update).delete(delete))
        };
    }
    router
        .merge(portal::router())
        .merge(mcp::router(&upstream))
        .with_state(upstream)
}

/// Ready when the control plane answers, whatever it answers.
async fn ready(State(upstream): State<Upstream>) -> impl IntoResponse {
    let asked = upstream
        .access()
        .who_am_i(proto::resources::WhoAmIRequest {})
        .await;
    match asked {
        Err(status) if status.code() == tonic::Code::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the control plane does not answer",
        ),
        Ok(_) | Err(_) => (StatusCode::OK, "Ready"),
    }
}

async fn version() -> Json<serde_json::Value> {
    Json(
        json!({"name": "quintet", "version": env!("CARGO_PKG_VERSION"), "api": model::API_VERSION}),
    )
}

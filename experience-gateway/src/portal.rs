//! The portal: static pages that talk to the REST API as any other client does.

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::upstream::Upstream;

/// The pages and what they are made of.
#[derive(rust_embed::RustEmbed)]
#[folder = "portal/"]
struct Assets;

pub(crate) fn router() -> Router<Upstream> {
    Router::new()
        .route("/", get(|| async { asset("index.html") }))
        .route("/portal", get(|| async { asset("index.html") }))
        .route(
            "/portal/{*path}",
            get(|Path(path): Path<String>| async move { page_or_asset(&path) }),
        )
}

/// An asset, or the page for every other path: the page reads its address itself.
fn page_or_asset(path: &str) -> Response {
    if Assets::get(path).is_some() {
        asset(path)
    } else {
        asset("index.html")
    }
}

fn asset(path: &str) -> Response {
    let Some(file) = Assets::get(path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let content_type = match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, file.data).into_response()
}

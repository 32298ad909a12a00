//! Wiring.

use tower_http::{limit::RequestBodyLimitLayer, trace::TraceLayer};

use kit::{StartError, Tasks};

use crate::{config::Config, rest, upstream::Upstream};

/// Largest body of a request.
const MAX_BODY: usize = 4 << 20;

/// Starts the experience gateway.
///
/// # Errors
/// When an address cannot be used.
pub async fn start(config: Config, tasks: &Tasks) -> Result<(), StartError> {
    let upstream = Upstream::new(&config)?;
    let router = rest::router(upstream)
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .layer(TraceLayer::new_for_http());
    let listener = kit::listen::bind("people and tools", config.listen).await?;
    tasks.spawn_once("http", move |shutdown| {
        kit::listen::serve(listener, router, shutdown)
    });
    Ok(())
}

//! The tools of the platform for assistants: the Model Context Protocol over HTTP, without sessions.

mod arguments;
mod call;
mod requests;
mod table;
#[cfg(test)]
mod tests;
mod visible;

use std::{sync::Arc, sync::LazyLock, time::Duration};

use axum::{
    Json, Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde_json::{Value, json};

use model::Code;

use self::{arguments::Arguments, call::Call, table::TOOLS, visible::Capabilities};
use crate::{caller::Caller, problem::Problem, upstream::Upstream};

/// How long a call may take.
const DEADLINE: Duration = Duration::from_secs(30);
const METADATA: &str = "/.well-known/oauth-protected-resource";

/// The tools as they are offered. A test reads the file, so that a bad one is never shipped.
static OFFERED: LazyLock<Vec<Tool>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("mcp/tools.json"))
        .expect("the file of tools is checked by a test")
});

/// The routes of the tools.
pub(crate) fn router(upstream: &Upstream) -> Router<Upstream> {
    // Any host may be asked for: a page that rebinds a name to this address has no token to send with it.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .disable_allowed_hosts();
    let upstream = upstream.clone();
    let service = StreamableHttpService::new(
        move || {
            Ok(Tools {
                upstream: upstream.clone(),
            })
        },
        Arc::new(LocalSessionManager::default()),
        config,
    );
    Router::new()
        .route_service("/mcp", service)
        .route_layer(middleware::from_fn(authenticate))
        .route(METADATA, get(metadata))
}

/// Lets only callers with a token in, and tells the others where to read how to get one.
async fn authenticate(
    caller: Result<Caller, Problem>,
    mut request: Request,
    next: Next,
) -> Response {
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => {
            let challenge = format!(
                "Bearer resource_metadata=\"{}{METADATA}\"",
                address(request.headers())
            );
            let mut response = problem.into_response();
            if let Ok(challenge) = HeaderValue::try_from(challenge) {
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    }
}

/// What this server is to an OAuth client (RFC 9728). Tokens are the platform's own, so no authorization
/// server is named; an empty list may not be sent.
async fn metadata(headers: HeaderMap) -> Json<Value> {
    Json(json!({
        "resource": format!("{}/mcp", address(&headers)),
        "resource_name": "Quintet MCP server",
        "bearer_methods_supported": ["header"],
        "openchoreo_security_enabled": true,
    }))
}

/// The address by which the caller knows this server.
fn address(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = text("x-forwarded-proto")
        .filter(|scheme| *scheme == "https")
        .unwrap_or("http");
    let host = text("host").filter(|host| {
        host.chars()
            .all(|char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | ':' | '[' | ']'))
    });
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

struct Tools {
    upstream: Upstream,
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("quintet", env!("CARGO_PKG_VERSION")))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let parts = parts(&context)?;
        let query = parts.uri.query().unwrap_or_default();
        if query.split('&').any(|part| part == "filterByAuthz=false") {
            return Ok(ListToolsResult::with_all_items(OFFERED.clone()));
        }
        let capabilities = Capabilities::of(&self.upstream, caller(parts)?).await;
        let capabilities = capabilities.map_err(|problem| {
            ErrorData::internal_error("no rights are known", Some(problem.body()))
        })?;
        let show = |offered: &&Tool| {
            let tool = TOOLS.iter().find(|tool| tool.name == offered.name);
            tool.is_some_and(|tool| capabilities.show(tool))
        };
        Ok(ListToolsResult::with_all_items(
            OFFERED.iter().filter(show).cloned().collect(),
        ))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let offered = OFFERED.iter().find(|tool| tool.name == request.name);
        let tool = TOOLS.iter().find(|tool| tool.name == request.name);
        let (Some(offered), Some(tool)) = (offered, tool) else {
            return Err(ErrorData::invalid_params(
                format!("no tool is named {:?}", request.name),
                None,
            ));
        };
        let caller = caller(parts(&context)?)?;
        let work = async {
            let arguments =
                Arguments::check(&offered.input_schema, request.arguments.unwrap_or_default())?;
            Call {
                upstream: &self.upstream,
                caller,
                arguments: &arguments,
            }
            .run(tool)
            .await
        };
        let done = tokio::time::timeout(DEADLINE, work)
            .await
            .unwrap_or_else(|_| {
                Err(Problem::new(
                    Code::Unavailable,
                    "the control plane did not answer in time; try again",
                ))
            });
        let result = match done {
            Ok(value) => CallToolResult::structured(value),
            Err(problem) => CallToolResult::structured_error(problem.body()),
        };
        Ok(result.into())
    }
}

/// The request that a call came with.
fn parts(context: &RequestContext<RoleServer>) -> Result<&Parts, ErrorData> {
    let parts = context.extensions.get::<Parts>();
    parts.ok_or_else(|| ErrorData::internal_error("the call has no request", None))
}

fn caller(parts: &Parts) -> Result<&Caller, ErrorData> {
    let caller = parts.extensions.get::<Caller>();
    caller.ok_or_else(|| ErrorData::internal_error("the call has no caller", None))
}

//! What documents would change, asked of the control plane. A route of our own, beside the reference's.

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::header::CONTENT_TYPE,
    response::IntoResponse,
};
use serde::Deserialize;
use serde_json::Value;

use model::Code;
use proto::preview::{CompareRequest, Draft};

use crate::{caller::Caller, problem::Problem, upstream::Upstream};

/// Documents that are not applied yet, and what is asked of them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Comparison {
    drafts: Vec<Written>,
    /// Of documents that name none.
    #[serde(default = "default_namespace")]
    namespace: String,
    /// Every environment that something is bound to without it.
    #[serde(default)]
    environment: String,
    /// Bindings keep the releases that they name.
    #[serde(default)]
    pinned: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    document: Value,
    #[serde(default)]
    source: Option<Source>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    file: String,
    document: u32,
}

fn default_namespace() -> String {
    "default".to_owned()
}

impl From<Comparison> for CompareRequest {
    fn from(asked: Comparison) -> Self {
        let draft = |(written, number): (Written, u32)| {
            let source = written.source.unwrap_or_else(|| Source {
                file: "drafts".to_owned(),
                document: number,
            });
            Draft {
                document: written.document.to_string(),
                file: source.file,
                number: source.document,
            }
        };
        Self {
            drafts: asked.drafts.into_iter().zip(1..).map(draft).collect(),
            namespace: asked.namespace,
            environment: asked.environment,
            pinned: asked.pinned,
        }
    }
}

/// What the drafts would change in every environment.
pub(crate) async fn compare(
    State(upstream): State<Upstream>,
    caller: Caller,
    asked: Result<Json<Comparison>, JsonRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Json(asked) = asked.map_err(|error| Problem::new(Code::Invalid, error.body_text()))?;
    let request = caller.request(CompareRequest::from(asked));
    let answer = upstream.preview().compare(request).await?.into_inner();
    Ok(([(CONTENT_TYPE, "application/json")], answer.comparison))
}

//! The caller of a request: whose token travels with everything that is asked on their behalf.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use tonic::{Request, metadata::MetadataValue};

use crate::problem::Problem;

/// A caller who showed a token. Whether it is good is the control plane's word.
#[derive(Clone)]
pub(crate) struct Caller {
    authorization: MetadataValue<tonic::metadata::Ascii>,
    trace: Option<String>,
}

impl Caller {
    /// A request on behalf of the caller.
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request
            .metadata_mut()
            .insert("authorization", self.authorization.clone());
        let trace = kit::trace::current().or_else(|| self.trace.clone());
        if let Some(trace) = trace.and_then(|trace| trace.parse().ok()) {
            request.metadata_mut().insert("traceparent", trace);
        }
        request
    }

    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let authorization = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .filter(|value| value.starts_with("Bearer "))
            .and_then(|value| value.parse().ok())
            .ok_or_else(Problem::unauthenticated)?;
        let trace = headers
            .get("traceparent")
            .and_then(|value| value.to_str().ok());
        Ok(Self {
            authorization,
            trace: trace.map(str::to_owned),
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

//! The one map from failures to HTTP: status, and a body in the shape of the reference.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tonic::Status;

use model::{Code, Diagnostics};

/// A failed request.
#[derive(Debug)]
pub(crate) struct Problem {
    code: Code,
    message: String,
    diagnostics: Option<Diagnostics>,
}

impl Problem {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            diagnostics: None,
        }
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            Code::Unauthenticated,
            "a bearer token is required: set the header Authorization",
        )
    }
}

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        Self {
            code: proto::status::code(&status),
            message: status.message().to_owned(),
            diagnostics: proto::status::diagnostics(&status),
        }
    }
}

impl Problem {
    /// What is said of the problem: the message, and each diagnostic.
    pub(crate) fn body(&self) -> Value {
        let (_, code) = self.status();
        let mut body = json!({"error": self.message, "code": code});
        if let Some(diagnostics) = &self.diagnostics {
            let details = diagnostics.iter().map(|diagnostic| {
                let mut detail = json!({"field": diagnostic.path, "message": diagnostic.message});
                if let Some(hint) = &diagnostic.hint {
                    detail["hint"] = json!(hint);
                }
                detail
            });
            body["details"] = details.collect();
        }
        body
    }

    fn status(&self) -> (StatusCode, &'static str) {
        let invalid = self.diagnostics.is_some();
        match self.code {
            Code::Invalid if invalid => (StatusCode::UNPROCESSABLE_ENTITY, "UNPROCESSABLE_CONTENT"),
            Code::Invalid => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            Code::Unauthenticated => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            Code::Forbidden => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Code::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Code::AlreadyExists | Code::Conflict => (StatusCode::CONFLICT, "CONFLICT"),
            Code::Exhausted => (StatusCode::INSUFFICIENT_STORAGE, "EXHAUSTED"),
            Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
            Code::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status().0, Json(self.body())).into_response()
    }
}

//! What can go wrong between an agent and its cluster, told apart by what is to be done about it.
//!
//! Messages name the object and, where the server does, the field. They never hold the content of a Secret: of an
//! answer about one only the fields are passed on.

use kube::core::Status;

use model::{Code, Coded};

use crate::{ApiKind, ObjectId};

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A field that another manager owns with another value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldConflict {
    /// The other manager.
    pub manager: String,
    /// The field, as `.spec.replicas`.
    pub field: String,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A manifest lacks what every object has.
    #[error("the manifest has no text at {path}")]
    Malformed {
        /// JSON pointer of what is missing.
        path: &'static str,
    },
    /// The cluster refused the object for what it says; the same object will be refused again.
    #[error("the cluster refuses {what}: {message}")]
    Refused {
        /// The object.
        what: String,
        /// The server's words.
        message: String,
    },
    /// The agent's account may not do this.
    #[error("the agent may not write or read {what}: {message}")]
    Forbidden {
        /// The object or kind.
        what: String,
        /// The server's words.
        message: String,
    },
    /// Other managers own fields with other values.
    #[error("{what} is also managed by {}", managers(.conflicts))]
    FieldConflict {
        /// The object.
        what: String,
        /// Who owns what.
        conflicts: Vec<FieldConflict>,
    },
    /// The object has moved on, is another life of the name, or is being deleted.
    #[error("{what} has changed meanwhile: {message}")]
    Conflict {
        /// The object.
        what: String,
        /// The server's words.
        message: String,
    },
    /// An object of this name exists.
    #[error("{what} exists already")]
    Exists {
        /// The object.
        what: String,
    },
    /// The object is not there.
    #[error("{what} does not exist")]
    NotFound {
        /// The object.
        what: String,
    },
    /// The cluster serves no such kind.
    #[error("the cluster serves no kind {} of {}; install its custom resource definition", .0.kind, .0.api_version())]
    UnknownApi(ApiKind),
    /// No answer, or one that says to come back later.
    #[error("the cluster does not answer: {message}")]
    Unavailable {
        /// Why.
        message: String,
    },
    /// This replica does not lead and must not write.
    #[error("another replica of the agent leads; this one writes nothing")]
    Fenced,
    /// The access to the cluster is not usable as configured.
    #[error("the access to the cluster is not usable: {message}")]
    Access {
        /// What is wrong with it.
        message: String,
    },
    /// An answer that nobody expects from an API server.
    #[error("the cluster's answer about {what} is not understood: {message}")]
    Answer {
        /// The object or path.
        what: String,
        /// What is odd about it.
        message: String,
    },
}

impl Error {
    /// Whether the same call may succeed later without anyone changing the object or the agent's rights.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Conflict { .. }
            | Self::Exists { .. }
            | Self::Unavailable { .. }
            | Self::Fenced => true,
            Self::Malformed { .. }
            | Self::Refused { .. }
            | Self::Forbidden { .. }
            | Self::FieldConflict { .. }
            | Self::NotFound { .. }
            | Self::UnknownApi(_)
            | Self::Access { .. }
            | Self::Answer { .. } => false,
        }
    }

    /// Whether it says that the cluster as a whole is away, rather than something about one object.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Fenced)
    }

    pub(crate) fn timed_out(what: &str) -> Self {
        Self::Unavailable {
            message: format!("no answer about {what} in time"),
        }
    }

    pub(crate) fn answer(what: impl ToString, message: impl ToString) -> Self {
        Self::Answer {
            what: what.to_string(),
            message: message.to_string(),
        }
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Malformed { .. } | Self::Refused { .. } => Code::Invalid,
            Self::Forbidden { .. } => Code::Forbidden,
            Self::FieldConflict { .. } | Self::Conflict { .. } => Code::Conflict,
            Self::Exists { .. } => Code::AlreadyExists,
            Self::NotFound { .. } | Self::UnknownApi(_) => Code::NotFound,
            Self::Unavailable { .. } | Self::Fenced => Code::Unavailable,
            Self::Access { .. } | Self::Answer { .. } => Code::Internal,
        }
    }
}

fn managers(conflicts: &[FieldConflict]) -> String {
    let mut texts: Vec<String> = conflicts
        .iter()
        .map(|it| format!("{} ({})", it.manager, it.field))
        .collect();
    texts.sort();
    texts.dedup();
    texts.join(", ")
}

/// The error of a call about an object.
pub(crate) fn about(id: &ObjectId, error: kube::Error) -> Error {
    classify(&id.to_string(), id.kind.kind == "Secret", error)
}

/// The error of a call; `secret` when the server's words may quote secret values.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other one is a lost connection in some way"
)]
pub(crate) fn classify(what: &str, secret: bool, error: kube::Error) -> Error {
    match error {
        kube::Error::Api(status) => of_status(what, secret, &status),
        kube::Error::Auth(error) => Error::Access {
            message: error.to_string(),
        },
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => {
            Error::answer(what, "it is not the JSON of an object")
        }
        kube::Error::BuildRequest(error) => Error::Refused {
            what: what.to_owned(),
            message: error.to_string(),
        },
        other => Error::Unavailable {
            message: chain(&other),
        },
    }
}

fn of_status(what: &str, secret: bool, status: &Status) -> Error {
    let what = what.to_owned();
    let message = if secret {
        fields_only(status)
    } else {
        words(status)
    };
    let conflicts = field_conflicts(status);
    match (status.code, status.reason.as_str()) {
        (409, _) if !conflicts.is_empty() => Error::FieldConflict { what, conflicts },
        (409, "AlreadyExists") => Error::Exists { what },
        (403, _) if status.message.contains("being terminated") => {
            Error::Conflict { what, message }
        }
        (409, _) => Error::Conflict { what, message },
        // What is missing is not the object but where it should be written.
        (404, _) if status.message.contains("namespaces \"") && !what.starts_with("Namespace ") => {
            Error::Refused { what, message }
        }
        (404, _) => Error::NotFound { what },
        (401 | 403, _) => Error::Forbidden { what, message },
        (429 | 500.., _) => Error::Unavailable { message },
        _ => Error::Refused { what, message },
    }
}

fn words(status: &Status) -> String {
    if status.message.is_empty() {
        status.reason.clone()
    } else {
        status.message.clone()
    }
}

/// What may be said about a Secret: the reason and the fields, without the server's quotes.
fn fields_only(status: &Status) -> String {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let fields: Vec<&str> = causes
        .map(|cause| cause.field.as_str())
        .filter(|it| !it.is_empty())
        .collect();
    let reason = if status.reason.is_empty() {
        "refused"
    } else {
        &status.reason
    };
    if fields.is_empty() {
        reason.to_owned()
    } else {
        format!("{reason} at {}", fields.join(", "))
    }
}

fn field_conflicts(status: &Status) -> Vec<FieldConflict> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let conflicts = causes
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| {
            // The server's words are: conflict with "manager" [with subresource "scale"] using apps/v1.
            let manager = cause.message.split('"').nth(1).unwrap_or("another manager");
            FieldConflict {
                manager: manager.to_owned(),
                field: cause.field.clone(),
            }
        });
    conflicts.collect()
}

/// An error and its causes, as one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(value: serde_json::Value) -> Status {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_field_conflict_names_the_other_manager() {
        let status = status(
            json!({"code": 409, "reason": "Conflict", "message": "Apply failed", "details": {
            "causes": [{"reason": "FieldManagerConflict", "field": ".spec.replicas",
                        "message": "conflict with \"kubectl\" with subresource \"scale\" using apps/v1"}]}}),
        );
        let error = of_status("Deployment.apps n/a", false, &status);
        assert_eq!(
            error.to_string(),
            "Deployment.apps n/a is also managed by kubectl (.spec.replicas)"
        );
        assert_eq!(error.code(), Code::Conflict);
    }

    #[test]
    fn what_is_said_of_a_secret_holds_no_value() {
        let status = status(
            json!({"code": 422, "reason": "Invalid", "message": "data[a b]: Invalid value: \"hunter2\"",
            "details": {"causes": [{"reason": "FieldValueInvalid", "field": "data[a b]",
                                     "message": "Invalid value: \"hunter2\""}]}}),
        );
        let error = of_status("Secret n/a", true, &status);
        assert_eq!(
            error.to_string(),
            "the cluster refuses Secret n/a: Invalid at data[a b]"
        );
    }

    #[test]
    fn codes_tell_what_may_pass() {
        let of = |code: u16| of_status("X", false, &status(json!({"code": code, "message": "m"})));
        assert!(of(503).is_passing() && of(429).is_outage() && of(409).is_passing());
        assert!(!of(422).is_passing() && !of(403).is_passing() && !of(404).is_passing());
    }
}

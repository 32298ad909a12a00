//! The one map between [`model::Code`] and gRPC status codes, and how diagnostics cross.
//!
//! Diagnostics travel as JSON in the binary details of the status.

use tonic::Status;

use model::{Code, Diagnostics};

/// The status of a failed request.
#[must_use]
pub fn from_code(code: Code, message: impl Into<String>) -> Status {
    Status::new(to_tonic(code), message)
}

/// The status of a request that its author can mend.
#[must_use]
pub fn from_diagnostics(diagnostics: &Diagnostics) -> Status {
    let details = serde_json::to_vec(diagnostics).expect("diagnostics have string keys");
    Status::with_details(
        tonic::Code::InvalidArgument,
        diagnostics.to_string(),
        details.into(),
    )
}

/// The code of an answer.
#[must_use]
pub fn code(status: &Status) -> Code {
    match status.code() {
        tonic::Code::InvalidArgument | tonic::Code::OutOfRange => Code::Invalid,
        tonic::Code::Unauthenticated => Code::Unauthenticated,
        tonic::Code::PermissionDenied => Code::Forbidden,
        tonic::Code::NotFound => Code::NotFound,
        tonic::Code::AlreadyExists => Code::AlreadyExists,
        tonic::Code::FailedPrecondition | tonic::Code::Aborted => Code::Conflict,
        tonic::Code::ResourceExhausted => Code::Exhausted,
        tonic::Code::Unavailable | tonic::Code::DeadlineExceeded | tonic::Code::Cancelled => {
            Code::Unavailable
        }
        tonic::Code::Ok
        | tonic::Code::Unknown
        | tonic::Code::Unimplemented
        | tonic::Code::Internal
        | tonic::Code::DataLoss => Code::Internal,
    }
}

/// The diagnostics in an answer, if it carries any.
#[must_use]
pub fn diagnostics(status: &Status) -> Option<Diagnostics> {
    serde_json::from_slice(status.details()).ok()
}

const fn to_tonic(code: Code) -> tonic::Code {
    match code {
        Code::Invalid => tonic::Code::InvalidArgument,
        Code::Unauthenticated => tonic::Code::Unauthenticated,
        Code::Forbidden => tonic::Code::PermissionDenied,
        Code::NotFound => tonic::Code::NotFound,
        Code::AlreadyExists => tonic::Code::AlreadyExists,
        Code::Conflict => tonic::Code::Aborted,
        Code::Exhausted => tonic::Code::ResourceExhausted,
        Code::Unavailable => tonic::Code::Unavailable,
        Code::Internal => tonic::Code::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_the_wire() {
        for expected in Code::ALL {
            assert_eq!(code(&from_code(*expected, "x")), *expected);
        }
    }

    #[test]
    fn diagnostics_survive_the_wire() {
        let mut sent = Diagnostics::default();
        sent.push_hint("spec.port", "is 0", "use 1 to 65535");
        assert_eq!(diagnostics(&from_diagnostics(&sent)), Some(sent));
        assert_eq!(diagnostics(&Status::not_found("x")), None);
    }
}

//! The nine ways in which a request can fail, from which every door derives its own status.

/// Why a request failed, in the one classification that all planes share.
///
/// `proto::status` maps it to gRPC and `experience-gateway`'s `problem` to HTTP; nothing else
/// mentions a status number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request is malformed or fails validation; the caller must change it.
    Invalid,
    /// No credentials, or credentials that nobody vouches for.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// The object, or one that the request names, does not exist.
    NotFound,
    /// The object exists already.
    AlreadyExists,
    /// The object moved since the caller read it, or its state forbids the request.
    Conflict,
    /// A bound was reached: size, rate, quota or queue.
    Exhausted,
    /// A part that is needed does not answer now; the same request may succeed later.
    Unavailable,
    /// A fault that only an operator can mend; details are in the log.
    Internal,
}

impl Code {
    /// Every code, in the order of declaration.
    pub const ALL: &'static [Self] = &[
        Self::Invalid,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::AlreadyExists,
        Self::Conflict,
        Self::Exhausted,
        Self::Unavailable,
        Self::Internal,
    ];
}

/// An error that knows its [`Code`].
pub trait Coded {
    /// The code of this error.
    fn code(&self) -> Code;
}

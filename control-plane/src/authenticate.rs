//! Who calls: verifies the bearer token that a request carries.
//!
//! For now tokens are listed in the configuration, among them the bootstrap administrator's. Only
//! digests are kept in memory, and they are compared in constant time.

use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use authz::{Subject, subject::SubjectKind};
use model::{Code, Coded};

/// Who may call. What they may do is said by roles and bindings.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Tokens that are accepted, beside those of identity providers.
    pub tokens: Vec<Token>,
}

/// A token and whom it stands for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Token {
    /// Name of the caller, as audit records show it.
    pub name: String,
    /// The token.
    pub token: kit::config::Secret,
    /// Groups of the caller, to which bindings give roles by the claim `groups`; a new installation
    /// lets `admins` do everything. Without groups the caller is a program, whose name is its `sub`.
    pub groups: Vec<String>,
}

/// A caller is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request carries no token.
    #[error("a bearer token is required: log in, or set the header Authorization")]
    Missing,
    /// Nobody vouches for the token.
    #[error("the token is not valid, or no longer")]
    Invalid,
}

impl Coded for Error {
    fn code(&self) -> Code {
        Code::Unauthenticated
    }
}

/// Knows the tokens.
#[derive(Debug)]
pub(crate) struct Authenticator {
    known: Vec<(model::Digest, Subject)>,
}

impl Authenticator {
    /// Loads the tokens.
    pub(crate) fn new(config: &Config) -> Result<Self, kit::config::UnreadableSecret> {
        let mut known = Vec::new();
        for token in &config.tokens {
            let secret = token.token.load()?;
            let subject = match token.groups.as_slice() {
                [] => Subject::new(
                    &token.name,
                    SubjectKind::ServiceAccount,
                    [token.name.clone()],
                ),
                groups => Subject::new(&token.name, SubjectKind::User, groups.to_vec()),
            };
            known.push((
                model::Digest::of(secret.expose_secret().as_bytes()),
                subject,
            ));
        }
        Ok(Self { known })
    }

    /// The caller that a token stands for.
    pub(crate) fn verify(&self, token: Option<&str>) -> Result<&Subject, Error> {
        let digest = model::Digest::of(token.ok_or(Error::Missing)?.as_bytes());
        let mut found = None;
        for (known, subject) in &self.known {
            if bool::from(known.as_bytes().ct_eq(digest.as_bytes())) {
                found = Some(subject);
            }
        }
        found.ok_or(Error::Invalid)
    }
}

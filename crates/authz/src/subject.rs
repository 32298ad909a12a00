//! Who asks.

pub use model::kinds::authz_role_binding::Entitlement;

/// A caller whose token was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Name for the audit log.
    pub name: String,
    /// What kind of caller it is.
    pub kind: SubjectKind,
    /// What the token says the caller is: the values of one claim.
    pub entitlements: Vec<Entitlement>,
}

/// The kinds of callers, each with the claim that says what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubjectKind {
    /// A person.
    User,
    /// A program.
    ServiceAccount,
}

impl SubjectKind {
    /// Its name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ServiceAccount => "service_account",
        }
    }

    /// The claim that says what such callers may do.
    #[must_use]
    pub const fn claim(self) -> &'static str {
        match self {
            Self::User => "groups",
            Self::ServiceAccount => "sub",
        }
    }
}

impl Subject {
    /// The caller of this kind with these values of its claim.
    #[must_use]
    pub fn new(name: &str, kind: SubjectKind, values: impl IntoIterator<Item = String>) -> Self {
        let claim = kind.claim();
        let entitlements = values.into_iter().map(|value| Entitlement {
            claim: claim.to_owned(),
            value,
        });
        Self {
            name: name.to_owned(),
            kind,
            entitlements: entitlements.collect(),
        }
    }
}

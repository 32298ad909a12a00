//! Subjects: a plane may use `link.<plane>.>` and nothing else, its inbox included.

use model::PlaneName;

/// The verbs of a plane's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// First words of a session.
    Hello,
    /// A sign of life.
    Heartbeat,
    /// Asks for heads.
    Heads,
    /// Asks for a bundle.
    Blob,
    /// Says how units fare.
    Report,
}

impl Verb {
    /// Every verb.
    pub const ALL: &'static [Self] = &[
        Self::Hello,
        Self::Heartbeat,
        Self::Heads,
        Self::Blob,
        Self::Report,
    ];

    /// The last token of the subject.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Heartbeat => "heartbeat",
            Self::Heads => "heads",
            Self::Blob => "blob",
            Self::Report => "report",
        }
    }
}

/// Where a plane sends requests of this verb.
#[must_use]
pub fn request(plane: &PlaneName, verb: Verb) -> String {
    format!("link.{plane}.{}", verb.as_str())
}

/// Where the control plane takes requests of this verb from every plane.
#[must_use]
pub fn requests(verb: Verb) -> String {
    format!("link.*.{}", verb.as_str())
}

/// Where the control plane tells a plane that something is new.
#[must_use]
pub fn hint(plane: &PlaneName) -> String {
    format!("link.{plane}.hint")
}

/// Prefix of a plane's inbox.
#[must_use]
pub fn inbox(plane: &PlaneName) -> String {
    format!("link.{plane}.inbox")
}

/// Everything that a plane may use.
#[must_use]
pub fn all_of(plane: &PlaneName) -> String {
    format!("link.{plane}.>")
}

/// The plane that a request subject names.
#[must_use]
pub fn plane_of(subject: &str) -> Option<PlaneName> {
    subject.split('.').nth(1)?.parse().ok()
}

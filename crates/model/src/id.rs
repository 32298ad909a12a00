//! Identifiers: parsed once at the edge, never a bare string afterwards.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// A text is not a valid identifier of its type.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not a {what}: {rule}")]
pub struct ParseIdError {
    text: String,
    what: &'static str,
    rule: &'static str,
}

macro_rules! text_serde {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A SHA-256 digest; its text is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A digest from its raw bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            for half in [byte >> 4, byte & 0xf] {
                text.push(char::from(DIGITS[usize::from(half)]));
            }
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let error = || ParseIdError {
            text: text.to_owned(),
            what: "digest",
            rule: "64 lower-case hexadecimal digits",
        };
        if text.len() != 64
            || !text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return Err(error());
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| error())?;
        }
        Ok(Self(bytes))
    }
}

text_serde!(Digest);

/// What a plane does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaneType {
    /// Runs workloads.
    DataPlane,
    /// Runs builds and other workflows.
    WorkflowPlane,
    /// Keeps telemetry.
    ObservabilityPlane,
}

impl PlaneType {
    /// Every plane type.
    pub const ALL: &'static [Self] = &[
        Self::DataPlane,
        Self::WorkflowPlane,
        Self::ObservabilityPlane,
    ];

    /// The name used in subjects and in the reference's agent protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DataPlane => "dataplane",
            Self::WorkflowPlane => "workflowplane",
            Self::ObservabilityPlane => "observabilityplane",
        }
    }
}

impl fmt::Display for PlaneType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The two ends of a link agree on this name: plane type and planeID, as `dataplane-default`.
///
/// It is one token of a NATS subject, since a planeID is a DNS label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaneName {
    /// What the plane does.
    pub plane_type: PlaneType,
    /// `spec.planeID` of the plane's objects: a DNS label of at most 63 characters.
    pub id: String,
}

impl fmt::Display for PlaneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.plane_type, self.id)
    }
}

impl FromStr for PlaneName {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let parsed = PlaneType::ALL.iter().find_map(|plane_type| {
            let id = text.strip_prefix(plane_type.as_str())?.strip_prefix('-')?;
            crate::name::is_dns_label(id).then(|| Self {
                plane_type: *plane_type,
                id: id.to_owned(),
            })
        });
        parsed.ok_or_else(|| ParseIdError {
            text: text.to_owned(),
            what: "plane name",
            rule: "dataplane-, workflowplane- or observabilityplane- and a DNS label",
        })
    }
}

text_serde!(PlaneName);

/// What is rendered, shipped, applied and reported as one: `KIND.NAMESPACE.NAME` of the object that
/// owns it, lower case, as `releasebinding.default.greeter-development`.
///
/// It is a valid Kubernetes object name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitId(String);

impl UnitId {
    /// The unit that `owner` renders.
    ///
    /// # Errors
    /// When the name would be longer than 253 characters or not a DNS subdomain.
    pub fn of(owner: &crate::ObjectKey) -> Result<Self, ParseIdError> {
        let kind = owner.kind.as_str().to_ascii_lowercase();
        let namespace = owner
            .namespace
            .as_deref()
            .unwrap_or("_cluster")
            .replace('_', "cluster-");
        format!("{kind}.{namespace}.{}", owner.name).parse()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of the owner label of every object of this unit: 16 hexadecimal digits.
    #[must_use]
    pub fn label_value(&self) -> String {
        Digest::of(self.0.as_bytes()).to_string()[..16].to_owned()
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UnitId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        if crate::name::is_dns_subdomain(text) && text.split('.').count() >= 3 {
            return Ok(Self(text.to_owned()));
        }
        Err(ParseIdError {
            text: text.to_owned(),
            what: "unit",
            rule: "KIND.NAMESPACE.NAME, a DNS subdomain of at most 253 characters",
        })
    }
}

text_serde!(UnitId);

/// Position of a change in the store's log: one counter for all kinds, never reused.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Revision {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        text.parse().map(Self).map_err(|_| ParseIdError {
            text: text.to_owned(),
            what: "revision",
            rule: "a whole number without sign",
        })
    }
}

/// How often an object's spec has changed; starts at 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(pub u64);

/// Identity of one life of an object; another object of the same name has another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub String);

/// Position of a head: ordered by incarnation of the hub first, then by the store's revision.
///
/// Restoring a hub from a backup raises the incarnation, so that no plane mistakes an old head for
/// a new one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub struct UnitRevision {
    /// Raised by an operator's restore.
    pub incarnation: u64,
    /// Revision of the store in which the head was committed.
    pub counter: u64,
}

impl fmt::Display for UnitRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.incarnation, self.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_their_text() {
        let plane: PlaneName = "workflowplane-eu-1".parse().unwrap();
        assert_eq!(plane.to_string(), "workflowplane-eu-1");
        assert!("dataplane-".parse::<PlaneName>().is_err());
        assert!("dataplane-a.b".parse::<PlaneName>().is_err());
        let digest = Digest::of(b"x");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!(
            "releasebinding.default.greeter-development"
                .parse::<UnitId>()
                .is_ok()
        );
        assert!("Release.default.x".parse::<UnitId>().is_err());
    }
}

//! Object metadata, in the shape of Kubernetes.

use indexmap::IndexMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Generation, Revision, Uid};

/// What every object carries beside its spec and status.
///
/// Fields that only the server sets (`uid`, `generation`, `resourceVersion`, times) are ignored in
/// what a writer sends, but for `resourceVersion`, which makes a write conditional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectMeta {
    /// Name, unique within kind and namespace.
    #[serde(default)]
    pub name: String,
    /// Namespace; absent for cluster-scoped objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Identity of this life of the object.
    #[serde(default, skip_serializing_if = "is_empty_uid")]
    #[schemars(with = "String")]
    pub uid: Uid,
    /// Revision of the last write, as a string; opaque to clients.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "revision_text"
    )]
    #[schemars(with = "Option<String>")]
    pub resource_version: Option<Revision>,
    /// How often the spec has changed.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(with = "u64")]
    pub generation: Generation,
    /// When the object was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub creation_timestamp: Option<Timestamp>,
    /// When deletion was accepted; the object goes when what it owns is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub deletion_timestamp: Option<Timestamp>,
    /// Labels.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub labels: IndexMap<String, String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub annotations: IndexMap<String, String>,
    /// Who must agree before the object goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finalizers: Vec<String>,
}

impl ObjectMeta {
    /// Metadata with a name and a namespace.
    #[must_use]
    pub fn named(namespace: Option<&str>, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
            ..Self::default()
        }
    }

    /// The annotation, if present and not empty.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether deletion was accepted.
    #[must_use]
    pub fn is_deleting(&self) -> bool {
        self.deletion_timestamp.is_some()
    }
}

fn is_zero(generation: &Generation) -> bool {
    generation.0 == 0
}

fn is_empty_uid(uid: &Uid) -> bool {
    uid.0.is_empty()
}

mod revision_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::Revision;

    pub(super) fn serialize<S: Serializer>(
        revision: &Option<Revision>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match revision {
            Some(revision) => serializer.collect_str(revision),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Revision>, D::Error> {
        match Option::<String>::deserialize(deserializer)? {
            None => Ok(None),
            Some(text) if text.is_empty() => Ok(None),
            Some(text) => text.parse().map(Some).map_err(serde::de::Error::custom),
        }
    }
}

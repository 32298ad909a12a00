//! What names an object: its kind, its namespace and its name.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, Result};

/// Group, version and kind of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ApiKind {
    /// API group; empty for the core group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
}

impl ApiKind {
    /// The kind of a group and version.
    pub fn new(
        group: impl Into<String>,
        version: impl Into<String>,
        kind: impl Into<String>,
    ) -> Self {
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        }
    }

    /// The kind that a manifest's `apiVersion` and `kind` say.
    #[must_use]
    pub fn parse(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self::new(group, version, kind)
    }

    /// `apiVersion` as manifests write it.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            return self.version.clone();
        }
        format!("{}/{}", self.group, self.version)
    }

    /// Whether both are the same kind, perhaps in two versions.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.group == other.group
    }
}

impl fmt::Display for ApiKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        Ok(())
    }
}

/// What names an object within its cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectId {
    /// Its kind, shared by all ids of the kind where they are many.
    #[serde(flatten)]
    pub kind: Arc<ApiKind>,
    /// Its namespace; absent for cluster-scoped objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl ObjectId {
    /// The id of a manifest or a live object.
    ///
    /// # Errors
    /// [`Error::Malformed`] when `apiVersion`, `kind` or `metadata.name` is missing.
    pub fn of(object: &Value) -> Result<Self> {
        let text = |pointer: &'static str| {
            let found = object
                .pointer(pointer)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty());
            found.ok_or(Error::Malformed { path: pointer })
        };
        let kind = ApiKind::parse(text("/apiVersion")?, text("/kind")?);
        let name = text("/metadata/name")?.to_owned();
        let namespace = text("/metadata/namespace").ok().map(str::to_owned);
        Ok(Self {
            kind: Arc::new(kind),
            namespace,
            name,
        })
    }

    /// Whether both name the same object, perhaps in two versions of its API.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.namespace == other.namespace
            && self.kind.is_same(&other.kind)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_is_read_from_a_manifest_and_written_for_people() {
        let id = ObjectId::of(&json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "n"}
        }));
        assert_eq!(id.unwrap().to_string(), "Deployment.apps n/a");
        let error = ObjectId::of(&json!({"apiVersion": "v1", "kind": "Namespace"})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the manifest has no text at /metadata/name"
        );
    }

    #[test]
    fn an_id_survives_its_json() {
        let id = ObjectId {
            kind: Arc::new(ApiKind::new("", "v1", "Namespace")),
            namespace: None,
            name: "a".into(),
        };
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(text, r#"{"version":"v1","kind":"Namespace","name":"a"}"#);
        assert_eq!(serde_json::from_str::<ObjectId>(&text).unwrap(), id);
    }
}

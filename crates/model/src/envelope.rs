//! The envelope: an object of any kind with its parts as raw JSON. What gRPC carries and a row holds.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::{Code, Coded, Digest, Kind, ObjectKey, ObjectMeta, canonical, kinds::UnknownKind};

/// JSON that is passed on without being understood. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Arc<str>);

impl RawJson {
    /// The text of `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(Arc::from("null"))
    }

    /// JSON of a value that always has one.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Self {
        Self(
            serde_json::to_string(value)
                .expect("values of the model have string keys")
                .into(),
        )
    }

    /// Takes over a text after checking that it is one JSON value.
    ///
    /// # Errors
    /// When `text` is not JSON.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<&RawValue>(text)?;
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        &*self.0 == "null"
    }

    /// The JSON as a tree.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::from_str(&self.0).expect("checked when it was made")
    }

    /// The JSON as a type.
    ///
    /// # Errors
    /// When the JSON has another shape.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }

    /// Digest of the canonical text, equal for equal values.
    #[must_use]
    pub fn digest(&self) -> Digest {
        canonical::digest(&self.to_value())
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for RawJson {
    fn default() -> Self {
        Self::null()
    }
}

impl Serialize for RawJson {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A tree, not a `RawValue`: the latter exists only in serde_json's own deserializer.
        Ok(Self::of(&Value::deserialize(deserializer)?))
    }
}

/// An object of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Kind, namespace and name; equal to those in `metadata`.
    pub key: ObjectKey,
    /// Metadata.
    pub metadata: ObjectMeta,
    /// Spec as written, with defaults.
    pub spec: RawJson,
    /// Status; `null` when there is none.
    pub status: RawJson,
}

/// A document is not an object of the platform.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// The document has not the shape of an object.
    #[error("{path}: {message}")]
    Shape {
        /// Path in the document.
        path: String,
        /// What is wrong there.
        message: String,
    },
    /// The kind is not one of ours.
    #[error("kind: {0}")]
    Kind(#[source] UnknownKind),
}

impl Coded for EnvelopeError {
    fn code(&self) -> Code {
        Code::Invalid
    }
}

fn shape(path: &str, message: impl Into<String>) -> EnvelopeError {
    EnvelopeError::Shape {
        path: path.to_owned(),
        message: message.into(),
    }
}

impl Envelope {
    /// Reads a whole document: `apiVersion`, `kind`, `metadata`, `spec`, `status`, and nothing else.
    ///
    /// `namespace` is used where the document names none and the kind is namespaced.
    ///
    /// # Errors
    /// When the kind is unknown or the document has another shape; the path is named.
    pub fn from_document(document: &Value, namespace: Option<&str>) -> Result<Self, EnvelopeError> {
        let map = document
            .as_object()
            .ok_or_else(|| shape("", "an object must be a map"))?;
        let text = |field: &str| match map.get(field) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text.as_str()),
            Some(_) => Err(shape(field, "must be a string")),
            None => Err(shape(field, "is required")),
        };
        let kind = text("kind")?;
        let probe = ObjectKey::parse(kind, Some(""), "").map_err(EnvelopeError::Kind)?;
        let (expected, api_version) = (probe.kind.api_version(), text("apiVersion")?);
        if api_version != expected {
            return Err(shape(
                "apiVersion",
                format!("{kind} is of {expected}, not of {api_version}"),
            ));
        }
        const FIELDS: &[&str] = &["apiVersion", "kind", "metadata", "spec", "status"];
        if let Some(unknown) = map.keys().find(|field| !FIELDS.contains(&field.as_str())) {
            return Err(shape(unknown, "unknown field"));
        }
        let empty = Value::Object(serde_json::Map::new());
        let mut metadata: ObjectMeta = serde_json::from_value(
            map.get("metadata")
                .cloned()
                .unwrap_or_else(|| empty.clone()),
        )
        .map_err(|error| shape("metadata", error.to_string()))?;
        if metadata.name.is_empty() {
            return Err(shape("metadata.name", "is required"));
        }
        metadata.namespace = match probe.namespace {
            None => None,
            Some(_) => Some(
                metadata
                    .namespace
                    .filter(|own| !own.is_empty())
                    .or_else(|| namespace.map(str::to_owned))
                    .ok_or_else(|| shape("metadata.namespace", "is required"))?,
            ),
        };
        Ok(Self {
            key: ObjectKey {
                kind: probe.kind,
                namespace: metadata.namespace.clone(),
                name: metadata.name.clone(),
            },
            metadata,
            spec: RawJson::of(map.get("spec").unwrap_or(&empty)),
            status: map.get("status").map_or_else(RawJson::null, RawJson::of),
        })
    }

    /// The whole document, as a user would write it.
    #[must_use]
    pub fn to_document(&self) -> Value {
        let mut map = serde_json::Map::new();
        map.insert("apiVersion".to_owned(), self.key.kind.api_version().into());
        map.insert("kind".to_owned(), self.key.public_kind().into());
        map.insert(
            "metadata".to_owned(),
            serde_json::to_value(&self.metadata).expect("metadata has string keys"),
        );
        for (field, raw) in [("spec", &self.spec), ("status", &self.status)] {
            if !raw.is_null() {
                map.insert(field.to_owned(), raw.to_value());
            }
        }
        Value::Object(map)
    }

    /// The spec as the type of its kind.
    ///
    /// # Errors
    /// When the JSON has another shape, which a stored object never has.
    pub fn spec<K: Kind>(&self) -> Result<K, serde_json::Error> {
        self.spec.decode()
    }

    /// The status as the type of its kind; the default when there is none.
    ///
    /// # Errors
    /// When the JSON has another shape, which a stored object never has.
    pub fn status<K: Kind>(&self) -> Result<K::Status, serde_json::Error> {
        if self.status.is_null() {
            Ok(K::Status::default())
        } else {
            self.status.decode()
        }
    }
}

impl Serialize for Envelope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_document().serialize(serializer)
    }
}

//! Conversions between messages and the model. Whatever comes from outside is checked here.

use model::{
    Digest, Envelope, Head, ObjectKey, ObjectMeta, PlaneName, RawJson, Target, Tombstone,
    UnitRevision,
};

use crate::{link, resources};

/// A message is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Error {
    /// Field of the message.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: String,
}

fn error(field: &'static str, message: impl ToString) -> Error {
    Error {
        field,
        message: message.to_string(),
    }
}

impl From<&Envelope> for resources::Object {
    fn from(envelope: &Envelope) -> Self {
        Self {
            kind: envelope.key.public_kind().to_owned(),
            metadata: RawJson::of(&envelope.metadata).as_str().to_owned(),
            spec: envelope.spec.as_str().to_owned(),
            status: match envelope.status.is_null() {
                true => String::new(),
                false => envelope.status.as_str().to_owned(),
            },
        }
    }
}

impl TryFrom<resources::Object> for Envelope {
    type Error = Error;

    fn try_from(object: resources::Object) -> Result<Self, Error> {
        let metadata: ObjectMeta =
            serde_json::from_str(&object.metadata).map_err(|e| error("metadata", e))?;
        let json = |field, text: &str| match text {
            "" => Ok(RawJson::null()),
            text => RawJson::parse(text).map_err(|e| error(field, e)),
        };
        let key = ObjectKey::parse(&object.kind, metadata.namespace.as_deref(), &metadata.name)
            .map_err(|e| error("kind", e))?;
        let (spec, status) = (json("spec", &object.spec)?, json("status", &object.status)?);
        Ok(Self {
            key,
            metadata,
            spec,
            status,
        })
    }
}

impl From<&ObjectKey> for resources::Key {
    fn from(key: &ObjectKey) -> Self {
        Self {
            kind: key.public_kind().to_owned(),
            namespace: key.namespace.clone().unwrap_or_default(),
            name: key.name.clone(),
        }
    }
}

impl TryFrom<resources::Key> for ObjectKey {
    type Error = Error;

    fn try_from(key: resources::Key) -> Result<Self, Error> {
        Self::parse(&key.kind, Some(&key.namespace), &key.name).map_err(|e| error("kind", e))
    }
}

impl From<UnitRevision> for link::UnitRevision {
    fn from(revision: UnitRevision) -> Self {
        Self {
            incarnation: revision.incarnation,
            counter: revision.counter,
        }
    }
}

impl From<link::UnitRevision> for UnitRevision {
    fn from(revision: link::UnitRevision) -> Self {
        Self {
            incarnation: revision.incarnation,
            counter: revision.counter,
        }
    }
}

impl From<&Head> for link::Head {
    fn from(head: &Head) -> Self {
        Self {
            unit: head.unit.to_string(),
            revision: Some(head.revision.into()),
            target: Some(match head.target {
                Target::Bundle(digest) => {
                    link::head::Target::Digest(digest.as_bytes().to_vec().into())
                }
                Target::Tombstone(tombstone) => {
                    link::head::Target::Tombstone(format!("{tombstone:?}"))
                }
            }),
            compiler_epoch: head.compiler_epoch,
            trace: head.trace.clone().unwrap_or_default(),
        }
    }
}

/// The head that a page of `plane` carries.
///
/// # Errors
/// When a field is missing or malformed.
pub fn head(plane: &PlaneName, head: link::Head) -> Result<Head, Error> {
    let target = match head.target.ok_or_else(|| error("target", "is required"))? {
        link::head::Target::Digest(bytes) => Target::Bundle(digest(&bytes)?),
        link::head::Target::Tombstone(text) => Target::Tombstone(match text.as_str() {
            "Delete" => Tombstone::Delete,
            "Release" => Tombstone::Release,
            other => {
                return Err(error(
                    "tombstone",
                    format!("{other:?} is neither Delete nor Release"),
                ));
            }
        }),
    };
    Ok(Head {
        unit: head.unit.parse().map_err(|e| error("unit", e))?,
        plane: plane.clone(),
        revision: head
            .revision
            .ok_or_else(|| error("revision", "is required"))?
            .into(),
        target,
        compiler_epoch: head.compiler_epoch,
        trace: Some(head.trace).filter(|trace| !trace.is_empty()),
    })
}

/// A digest from its 32 bytes.
///
/// # Errors
/// When there are more or fewer bytes.
pub fn digest(bytes: &[u8]) -> Result<Digest, Error> {
    bytes
        .try_into()
        .map(Digest::from_bytes)
        .map_err(|_| error("digest", format!("has {} bytes, not 32", bytes.len())))
}

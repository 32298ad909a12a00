//! Collecting what a snapshot is made of: which objects a component, a binding or a cell names, in the
//! order of the reference (2.1, 2.2, 2.9).
//!
//! Part of step 5 (decide), and of everything that compiles without deciding: previews and the command
//! line's offline mode. Pure: objects are asked for through [`Objects`], and whoever cannot give one yet
//! stops the collecting. It is written once, so that what is previewed is what will be.

/// Goes on with the value, or returns why there is none.
macro_rules! allowed {
    ($assembled:expr) => {
        match $assembled? {
            Ok(value) => value,
            Err(refused) => return Ok(Err(refused)),
        }
    };
}

mod binding;
mod cell;
mod component;
mod plane;
mod secrets;

use std::sync::Arc;

use model::{IndexKey, Kind, ObjectKey, Stored};

pub use binding::{Needs, Parts as BindingParts, binding, cell_of};
pub use cell::{Parts as CellParts, cell, project_type};
pub use component::{Parts as ComponentParts, component, root_environment};
pub use plane::{DataPlaneParts, data_plane, environment_context};
pub use secrets::secrets;

/// Where objects are found.
pub trait Objects {
    /// Why the collecting cannot go on.
    type Halt;

    /// The object, if it exists.
    ///
    /// # Errors
    /// [`Self::Halt`].
    fn find<K: Kind>(&self, key: &ObjectKey) -> Result<Option<Object<K>>, Self::Halt>;

    /// Every object of an index, ordered by key.
    ///
    /// # Errors
    /// [`Self::Halt`].
    fn list<K: Kind>(&self, index: &IndexKey) -> Result<Vec<Object<K>>, Self::Halt>;
}

/// What was collected, or why the objects do not allow it, or why it could not be found out.
pub type Assembled<T, H> = Result<Result<T, Refused>, H>;

/// Why the objects do not allow what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Reason of the condition that says so.
    pub reason: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where the object that was looked at says it.
    pub path: &'static str,
    /// The object that is not there, if that is what is wrong.
    pub missing: Option<ObjectKey>,
}

impl Refused {
    fn new(reason: &'static str, path: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            path,
            missing: None,
        }
    }

    /// The object of this key is not there.
    fn missing(reason: &'static str, path: &'static str, key: &ObjectKey) -> Self {
        let message = format!("{} {:?} not found", key.public_kind(), key.name);
        Self {
            missing: Some(key.clone()),
            ..Self::new(reason, path, message)
        }
    }
}

/// An object with its spec and status decoded.
#[derive(Debug, Clone)]
pub struct Object<K: Kind> {
    /// The object as stored.
    pub stored: Arc<Stored>,
    /// Its spec.
    pub spec: K,
    /// Its status.
    pub status: K::Status,
}

impl<K: Kind> Object<K> {
    /// Decodes a stored object.
    ///
    /// # Errors
    /// When it is not of this kind's shape.
    pub fn decode(stored: &Arc<Stored>) -> Result<Self, serde_json::Error> {
        Ok(Self {
            spec: stored.envelope.spec::<K>()?,
            status: stored.envelope.status::<K>()?,
            stored: Arc::clone(stored),
        })
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &ObjectKey {
        &self.stored.envelope.key
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.stored.envelope.key.name
    }

    /// Its namespace; empty for a cluster-scoped object.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.stored
            .envelope
            .key
            .namespace
            .as_deref()
            .unwrap_or_default()
    }

    /// Its metadata.
    #[must_use]
    pub fn metadata(&self) -> &model::ObjectMeta {
        &self.stored.envelope.metadata
    }

    /// Its UID.
    #[must_use]
    pub fn uid(&self) -> &str {
        &self.stored.envelope.metadata.uid.0
    }

    /// Its generation.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.stored.envelope.metadata.generation.0
    }

    /// Whether its deletion was accepted.
    #[must_use]
    pub fn is_deleting(&self) -> bool {
        self.stored.envelope.metadata.is_deleting()
    }
}

//! How objects are named and found.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{KindName, Scope, kinds::UnknownKind};

/// Names one object: kind, scope and name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The kind; a `Cluster…` twin has the same kind and no namespace.
    pub kind: KindName,
    /// Namespace, or `None` for a cluster-scoped object.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl ObjectKey {
    /// Key of a namespaced object.
    #[must_use]
    pub fn namespaced(kind: KindName, namespace: &str, name: &str) -> Self {
        Self {
            kind,
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        }
    }

    /// Key of a cluster-scoped object.
    #[must_use]
    pub fn cluster(kind: KindName, name: &str) -> Self {
        Self {
            kind,
            namespace: None,
            name: name.to_owned(),
        }
    }

    /// The scope that this key lies in.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        match self.namespace {
            Some(_) => Scope::Namespaced,
            None => Scope::Cluster,
        }
    }

    /// The kind as users write it: `ClusterComponentType` for a cluster-scoped component type.
    #[must_use]
    pub fn public_kind(&self) -> &'static str {
        self.kind.public_name(self.scope())
    }

    /// Key of an object named by its public kind. A cluster kind ignores `namespace`.
    ///
    /// # Errors
    /// When no kind has that name.
    pub fn parse(
        public_kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Self, UnknownKind> {
        let (kind, scope) = KindName::from_public(public_kind)?;
        Ok(match scope {
            Scope::Namespaced => Self::namespaced(kind, namespace.unwrap_or_default(), name),
            Scope::Cluster => Self::cluster(kind, name),
        })
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.public_kind(), self.name),
            None => write!(f, "{} {}", self.public_kind(), self.name),
        }
    }
}

/// A part of an object that a reader depends on; only a change of that part wakes the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Facet {
    /// Spec, labels, annotations, deletion mark: what writers say.
    Spec,
    /// What the object offers others: endpoints, outputs, readiness, state ([`crate::Kind::exports`]).
    Exports,
}

impl Facet {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spec => "spec",
            Self::Exports => "exports",
        }
    }
}

/// A set of objects that share a property, as `workload-of/default/greeter-project/greeter`.
///
/// A kind says under which indexes each of its objects lies ([`crate::Kind::indexes`]); the store
/// finds all of an index and wakes who asked for it when its members change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexKey {
    /// Kind of the members.
    pub kind: KindName,
    /// Name of the index and its values, joined by `/`.
    pub value: String,
}

impl IndexKey {
    /// The index `name` of `kind` with these values.
    #[must_use]
    pub fn new(kind: KindName, name: &str, values: &[&str]) -> Self {
        let mut value = name.to_owned();
        for part in values {
            value.push('/');
            value.push_str(part);
        }
        Self { kind, value }
    }

    /// Every object of `kind` in `namespace` (`None`: the cluster-scoped ones). Every object lies in it.
    #[must_use]
    pub fn all(kind: KindName, namespace: Option<&str>) -> Self {
        Self::new(kind, "all", &[namespace.unwrap_or("")])
    }
}

impl fmt::Display for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.value)
    }
}

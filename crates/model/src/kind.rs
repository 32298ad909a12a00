//! What a kind is: one Rust type with its defaults, rules, columns and indexes.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Diagnostics, IndexKey, KindName, ObjectMeta};

/// Where a resource lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the platform as a whole.
    Cluster,
}

/// A column of a list, beside name and age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Heading.
    pub name: &'static str,
    /// Place in the document, as `.spec.owner.projectName`; a condition as
    /// `.status.conditions[?(@.type=="Ready")].status`.
    pub path: &'static str,
}

/// The spec of a kind. Implemented once for both scopes.
pub trait Kind:
    Serialize + DeserializeOwned + JsonSchema + Clone + fmt::Debug + PartialEq + Send + Sync + 'static
{
    /// This kind.
    const NAME: KindName;
    /// Short names on the command line, for the namespaced and for the cluster scope.
    const SHORT_NAMES: &'static [(Scope, &'static str)] = &[];
    /// Columns of a list.
    const COLUMNS: &'static [Column] = &[];
    /// Finalizer that the control plane sets on objects of this kind and removes when all that the
    /// object owns is gone; kinds without one vanish at once.
    const FINALIZER: Option<&'static str> = None;
    /// Fields that only cluster scope requires: paths below the spec, where `[]` steps into a list.
    const REQUIRED_IN_CLUSTER: &'static [&'static str] = &[];
    /// Fields that only cluster scope has, written in the same way.
    const ONLY_IN_CLUSTER: &'static [&'static str] = &[];
    /// What the platform says about an object of this kind.
    type Status: Serialize
        + DeserializeOwned
        + JsonSchema
        + Clone
        + fmt::Debug
        + Default
        + PartialEq
        + Send
        + Sync
        + 'static;

    /// Rewrites older spellings of a spec before it is looked at.
    fn modernize(_spec: &mut Value) {}

    /// Fills in what the writer left out and the schema has no default for. Idempotent. `old` is the
    /// object before an update.
    fn apply_defaults(&mut self, _old: Option<&Self>) {}

    /// Every problem of this spec that its schema does not show, with its path from the root of the
    /// document. `old` is the object before an update.
    fn validate(&self, _old: Option<&Self>, _scope: Scope, _diagnostics: &mut Diagnostics) {}

    /// The indexes in which an object lies, beside [`IndexKey::all`].
    fn indexes(&self, _metadata: &ObjectMeta) -> Vec<IndexKey> {
        Vec::new()
    }

    /// What others may depend on ([`crate::Facet::Exports`]); times must not be part of it.
    fn exports(_status: &Self::Status) -> Value {
        Value::Null
    }
}

/// The status of kinds that have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoStatus {}

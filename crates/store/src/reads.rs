//! Reads: what a decision depended on. They are verified when it is committed, and kept afterwards as
//! the edges along which changes wake it.

use std::fmt;

use model::{Digest, Facet, IndexKey, ObjectKey, Revision, Stored, UnitId};

use crate::keys;

pub(crate) mod record;
pub(crate) mod verify;

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReadTarget {
    /// A facet of an object, or that it does not exist.
    Object(ObjectKey, Facet),
    /// Which objects lie in an index, and this facet of each.
    Index(IndexKey, Facet),
    /// What the agents say about a unit.
    Report(UnitId),
    /// The heads of a unit, on whichever plane.
    Heads(UnitId),
}

impl ReadTarget {
    /// The text by which edges are found.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Object(key, facet) => object_edge(&keys::object(key), *facet),
            Self::Index(key, facet) => index_edge(&keys::index(key), *facet),
            Self::Report(unit) => report_edge(unit.as_str()),
            Self::Heads(unit) => heads_edge(unit.as_str()),
        }
    }
}

pub(crate) fn object_edge(object: &str, facet: Facet) -> String {
    format!("object/{}/{object}", facet.as_str())
}

pub(crate) fn index_edge(index: &str, facet: Facet) -> String {
    format!("index/{}/{index}", facet.as_str())
}

pub(crate) fn report_edge(unit: &str) -> String {
    format!("report/{unit}")
}

pub(crate) fn heads_edge(unit: &str) -> String {
    format!("heads/{unit}")
}

impl fmt::Display for ReadTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(key, facet) => write!(f, "{} of {key}", facet.as_str()),
            Self::Index(key, facet) => write!(f, "{} of {key}", facet.as_str()),
            Self::Report(unit) => write!(f, "report of {unit}"),
            Self::Heads(unit) => write!(f, "heads of {unit}"),
        }
    }
}

/// What a read found, as far as it matters: equal values mean that nothing has changed.
///
/// The store hands it out with what it reads: [`Seen::object`], [`crate::Members::seen`],
/// [`crate::UnitReports::seen`], [`crate::UnitHeads::seen`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seen {
    /// There was nothing.
    Absent,
    /// Something of this digest.
    Digest(Digest),
    /// An index that had last changed at this revision.
    Mark(Revision),
}

impl Seen {
    /// What a look-up of an object found in this facet.
    #[must_use]
    pub fn object(found: Option<&Stored>, facet: Facet) -> Self {
        match (found, facet) {
            (None, _) => Self::Absent,
            (Some(object), Facet::Spec) => Self::Digest(object.spec_digest),
            (Some(object), Facet::Exports) => Self::Digest(object.exports_digest),
        }
    }
}

/// One read of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Read {
    /// What was read.
    pub target: ReadTarget,
    /// What was found.
    pub seen: Seen,
}

//! The vocabulary of the platform: what every plane and every tool means by a kind, an object, a
//! bundle, a head and a report.
//!
//! No I/O, no async, no clock. Everything here is a value with a serialised form, and every other
//! crate of the workspace may name it. A kind is added in `kinds.rs` and `kinds/`, nowhere else.

pub mod bundle;
pub mod canonical;
pub mod code;
pub mod condition;
pub mod diagnostics;
pub mod draft;
pub mod envelope;
pub mod head;
pub mod id;
pub mod key;
pub mod kind;
pub mod kinds;
pub mod label;
pub mod metadata;
pub mod name;
pub mod report;
pub mod schema;
pub mod yaml;

pub use bundle::{Bundle, BundleObject, BundleText, Policy};
pub use code::{Code, Coded};
pub use condition::{Condition, ConditionStatus, Conditions};
pub use diagnostics::{Diagnostic, Diagnostics};
pub use draft::{Checked, Draft, Stored};
pub use envelope::{Envelope, RawJson};
pub use head::{Head, Target, Tombstone};
pub use id::{Digest, Generation, PlaneName, PlaneType, Revision, Uid, UnitId, UnitRevision};
pub use key::{Facet, IndexKey, ObjectKey};
pub use kind::{Column, Kind, Scope};
pub use kinds::{KindName, KindVisitor};
pub use metadata::ObjectMeta;
pub use report::{Health, ObjectReport, StatusReport, UnitPhase};

/// API group and version of every kind but `Namespace`.
pub const API_VERSION: &str = "openchoreo.dev/v1alpha1";

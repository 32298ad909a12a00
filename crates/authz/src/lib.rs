//! Who may do what. Pure: roles and bindings in, decisions out; no I/O, no clock, no token.
//!
//! The model is OpenChoreo's (reference 5.2): a subject is a set of claims and values, a binding
//! gives them roles below a scope, and a denial outweighs any number of allowances. Roles and
//! bindings are compiled once into a [`Policy`]; everything else asks it: a single [`decide`], the
//! [`scope`] of a list, the [`profile`] of a subject, whether a write is an [`escalation`]. What the
//! actions are follows from the table of kinds ([`actions`]).

pub mod actions;
pub mod attributes;
mod condition;
pub mod decide;
pub mod defaults;
pub mod escalation;
pub mod evaluate;
pub mod path;
pub mod pattern;
pub mod policy;
pub mod profile;
pub mod scope;
pub mod subject;
pub mod vet;

pub use actions::{Action, Verb};
pub use attributes::{Attribute, Attributes};
pub use decide::Decision;
pub use path::ScopePath;
pub use policy::Policy;
pub use scope::Reach;
pub use subject::{Entitlement, Subject};

pub use model::kinds::authz_role_binding::Effect;

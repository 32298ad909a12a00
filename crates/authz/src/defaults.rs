//! The roles and bindings of a new installation.

use model::{Envelope, yaml};

const DOCUMENTS: &str = include_str!("defaults.yaml");

/// The roles and bindings of a new installation, roles first.
///
/// # Panics
/// Never: they are part of the program, and a test reads them.
#[must_use]
pub fn objects() -> Vec<Envelope> {
    let documents = yaml::documents(DOCUMENTS).expect("the default roles are YAML");
    let read = |document| Envelope::from_document(document, None);
    let objects: Result<Vec<_>, _> = documents.iter().map(read).collect();
    objects.expect("the default roles are objects")
}

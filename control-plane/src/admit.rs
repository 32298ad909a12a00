//! Step 2: what is written must be valid: decoded, defaulted, checked by its kind and its expressions.

use model::{Checked, Diagnostics, Draft, Envelope, Kind, KindVisitor, Stored};

/// Admits a write. `old` is the object before it.
///
/// A new object gets the finalizer of its kind; an update keeps the finalizers that are there, which
/// are the platform's and not the writer's.
///
/// # Errors
/// Every problem, with its path in the document.
pub fn admit(mut envelope: Envelope, old: Option<&Stored>) -> Result<Checked, Diagnostics> {
    envelope.metadata.finalizers = match old {
        Some(old) => old.envelope.metadata.finalizers.clone(),
        None => envelope
            .key
            .kind
            .visit(Finalizer)
            .map(str::to_owned)
            .into_iter()
            .collect(),
    };
    let mut problems = authz::vet::object(&envelope);
    let admitted = compile::vet::admit(Draft {
        envelope,
        old: old.cloned(),
    });
    if problems.is_empty() {
        return admitted;
    }
    if let Err(mut found) = admitted {
        found.extend(problems);
        problems = found;
    }
    Err(problems)
}

/// The finalizer of a kind.
pub(crate) struct Finalizer;

impl KindVisitor for Finalizer {
    type Output = Option<&'static str>;

    fn visit<K: Kind>(self) -> Self::Output {
        K::FINALIZER
    }
}

//! Step 2: what is written must be valid: decoded, defaulted, checked by its kind and its expressions.

use model::{Checked, Diagnostics, Draft, Envelope, Kind, KindVisitor, Stored, UnitId};

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
    let mut diagnostics = Diagnostics::default();
    if UnitId::of(&envelope.key).is_err() {
        diagnostics.push_hint(
            "metadata.name",
            "kind, namespace and name are longer than 250 characters together, or not valid names",
            "choose a shorter name of lower-case letters, digits and '-'",
        );
    }
    let draft = Draft {
        envelope: envelope.clone(),
        old: old.cloned(),
    };
    match draft.check() {
        // Expressions are checked in the object as it will be stored: defaults decide what they see.
        Ok(checked) => {
            diagnostics.extend(compile::vet::object(checked.envelope()));
            diagnostics.into_result()?;
            Ok(checked)
        }
        Err(mut found) => {
            // What the kind says comes first: expressions are checked against what it understood.
            diagnostics.extend(compile::vet::object(&envelope));
            found.extend(diagnostics);
            Err(found)
        }
    }
}

/// The finalizer of a kind.
pub(crate) struct Finalizer;

impl KindVisitor for Finalizer {
    type Output = Option<&'static str>;

    fn visit<K: Kind>(self) -> Self::Output {
        K::FINALIZER
    }
}

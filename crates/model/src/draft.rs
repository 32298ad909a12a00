//! The stages of a write: `Draft` is what was asked, `Checked` what admission passed, `Stored` what
//! the store holds.

use serde_json::Value;

use crate::{
    Diagnostics, Digest, Envelope, IndexKey, Kind, KindVisitor, RawJson, canonical, schema,
};

/// A write as asked for: not yet looked at.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The object as the writer sent it.
    pub envelope: Envelope,
    /// The object before, for an update.
    pub old: Option<Stored>,
}

/// A write that passed the rules of its kind. Only [`Draft::check`] makes one.
#[derive(Debug, Clone)]
pub struct Checked {
    envelope: Envelope,
    facts: Facts,
}

/// What the store needs to know of an object without understanding its kind.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Digest of spec, labels and annotations: facet *spec*, but for the deletion mark.
    pub spec_digest: Digest,
    /// Digest of what others may depend on: facet *exports*.
    pub exports_digest: Digest,
    /// Every index in which the object lies.
    pub indexes: Vec<IndexKey>,
}

/// An object as the store holds it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The object.
    pub envelope: Envelope,
    /// Digest of facet *spec*.
    pub spec_digest: Digest,
    /// Digest of facet *exports*.
    pub exports_digest: Digest,
}

impl Draft {
    /// Decodes, defaults and validates; every problem is found in one go.
    ///
    /// # Errors
    /// The problems, with paths from the root of the document.
    pub fn check(self) -> Result<Checked, Diagnostics> {
        self.envelope.key.kind.visit(Check(self))
    }
}

impl Checked {
    /// The object, defaults applied.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// What the store needs to know.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Both parts.
    #[must_use]
    pub fn into_parts(self) -> (Envelope, Facts) {
        (self.envelope, self.facts)
    }
}

struct Check(Draft);

impl KindVisitor for Check {
    type Output = Result<Checked, Diagnostics>;

    fn visit<K: Kind>(self) -> Self::Output {
        let Draft { mut envelope, old } = self.0;
        let mut diagnostics = Diagnostics::default();
        check_name(&envelope, &mut diagnostics);
        let old = old.and_then(|stored| stored.envelope.spec::<K>().ok());
        let mut spec: K = decode(&envelope, &mut diagnostics)?;
        spec.apply_defaults(old.as_ref());
        spec.validate(old.as_ref(), envelope.key.scope(), &mut diagnostics);
        let status = match envelope.status::<K>() {
            Ok(status) => status,
            Err(error) => {
                diagnostics.push("status", error.to_string());
                K::Status::default()
            }
        };
        diagnostics.into_result()?;
        envelope.spec = RawJson::of(&spec);
        let facts = Facts::of::<K>(&envelope, &spec, &status);
        Ok(Checked { envelope, facts })
    }
}

impl Facts {
    /// The facts of an object of kind `K`.
    #[must_use]
    pub fn of<K: Kind>(envelope: &Envelope, spec: &K, status: &K::Status) -> Self {
        let written = serde_json::json!({
            "spec": envelope.spec.to_value(),
            "labels": envelope.metadata.labels,
            "annotations": envelope.metadata.annotations,
        });
        let mut indexes = spec.indexes(&envelope.metadata);
        indexes.push(IndexKey::all(K::NAME, envelope.key.namespace.as_deref()));
        Self {
            spec_digest: canonical::digest(&written),
            exports_digest: canonical::digest(&K::exports(status)),
            indexes,
        }
    }
}

fn check_name(envelope: &Envelope, diagnostics: &mut Diagnostics) {
    if !crate::name::is_dns_subdomain(&envelope.key.name) {
        diagnostics.push_hint(
            "metadata.name",
            format!("{:?} is not a valid name", envelope.key.name),
            "use lower-case letters, digits, '-' and '.', and begin and end with a letter or digit",
        );
    }
    if let Some(namespace) = &envelope.key.namespace
        && !crate::name::is_dns_label(namespace)
    {
        diagnostics.push(
            "metadata.namespace",
            format!("{namespace:?} is not a valid namespace"),
        );
    }
}

/// Reads a spec as its kind has it, defaults filled in. Problems that leave a readable spec are
/// noted, so that what follows is checked too.
fn decode<K: Kind>(envelope: &Envelope, diagnostics: &mut Diagnostics) -> Result<K, Diagnostics> {
    let mut spec = envelope.spec.to_value();
    if spec.is_null() {
        spec = Value::Object(serde_json::Map::new());
    }
    K::modernize(&mut spec);
    let shape = schema::shape_of::<K>(envelope.key.scope());
    schema::check(&shape, &mut spec, "spec", diagnostics);
    serde_json::from_value(spec).map_err(|error| {
        if diagnostics.is_empty() {
            diagnostics.push("spec", error.to_string());
        }
        std::mem::take(diagnostics)
    })
}

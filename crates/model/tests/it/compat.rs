//! Admitting what the recorded rows hold.

use std::{collections::BTreeMap, sync::Mutex};

use serde_json::Value;

use model::{Checked, Diagnostics, Draft, Envelope, Stored, yaml};
use testkit::compat::read;

/// The sample document named `path#n`. Files are read once, since hundreds of rows name the same.
pub(crate) fn sample(id: &str) -> Value {
    static FILES: Mutex<BTreeMap<String, Vec<Value>>> = Mutex::new(BTreeMap::new());
    let (path, index) = id.rsplit_once('#').unwrap();
    let mut files = FILES.lock().unwrap();
    let documents = files.entry(path.to_owned()).or_insert_with(|| {
        let text = read(&format!("samples/{path}"));
        yaml::documents(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
    });
    documents[index.parse::<usize>().unwrap()].clone()
}

/// Admits a document; one without a namespace goes to `default`.
pub(crate) fn admit(document: &Value, old: Option<Stored>) -> Result<Checked, Diagnostics> {
    let envelope = Envelope::from_document(document, Some("default")).map_err(|error| {
        let mut diagnostics = Diagnostics::default();
        diagnostics.push("", error.to_string());
        diagnostics
    })?;
    Draft { envelope, old }.check()
}

/// What the store would hold.
pub(crate) fn stored(checked: &Checked) -> Stored {
    Stored {
        envelope: checked.envelope().clone(),
        spec_digest: checked.facts().spec_digest,
        exports_digest: checked.facts().exports_digest,
    }
}

//! `apply`: creates what is missing, changes what differs, says what is unchanged.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use model::Envelope;

use crate::api::{Api, collection};
use crate::documents::{self, Depth};
use crate::output::say;

pub(crate) async fn apply(api: &Api, namespace: &str, files: &[PathBuf]) -> Result<()> {
    let mut documents = Vec::new();
    for file in files {
        documents.extend(documents::read(file, Depth::Folder)?);
    }
    if documents.is_empty() {
        bail!(
            "there is nothing to apply: no document in {}",
            documents::shown(files)
        );
    }
    let mut failed = 0;
    for (origin, document) in &documents {
        match one(api, namespace, document).await {
            Ok(line) => say(&line),
            Err(error) => {
                failed += 1;
                say(&format!("{origin}: {error:#}"));
            }
        }
    }
    if failed > 0 {
        bail!("{failed} of {} documents were not applied", documents.len());
    }
    Ok(())
}

async fn one(api: &Api, namespace: &str, document: &Value) -> Result<String> {
    let envelope = Envelope::from_document(document, Some(namespace))?;
    let key = &envelope.key;
    let label = format!("{}/{}", key.public_kind().to_lowercase(), key.name);
    let namespace = key.namespace.as_deref().unwrap_or_default();
    let items = collection(key.kind, key.scope(), namespace);
    let item = format!("{items}/{}", key.name);
    let wanted = envelope.to_document();
    let Some(before) = api.find(&item).await.with_context(|| label.clone())? else {
        api.post(&items, &wanted)
            .await
            .with_context(|| label.clone())?;
        return Ok(format!("{label} created"));
    };
    let mut merged = wanted;
    // What others have put beside it stays: a file says nothing about it.
    for field in ["labels", "annotations"] {
        let Some(old) = before["metadata"][field].as_object() else {
            continue;
        };
        let mut all = old.clone();
        if let Some(new) = merged["metadata"][field].as_object() {
            all.extend(new.clone());
        }
        merged["metadata"][field] = Value::Object(all);
    }
    if let Some(metadata) = merged["metadata"].as_object_mut() {
        metadata.shift_remove("resourceVersion");
    }
    let after = api
        .put(&item, &merged)
        .await
        .with_context(|| label.clone())?;
    let same = before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]
        || before["spec"] == after["spec"]
            && before["metadata"]["labels"] == after["metadata"]["labels"]
            && before["metadata"]["annotations"] == after["metadata"]["annotations"];
    Ok(format!(
        "{label} {}",
        if same { "unchanged" } else { "configured" }
    ))
}

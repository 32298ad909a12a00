//! `apply`: creates what is missing, changes what differs, says what is unchanged.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use model::Envelope;

use crate::api::{Api, collection};
use crate::output::say;

pub(crate) async fn apply(api: &Api, namespace: &str, files: &[PathBuf]) -> Result<()> {
    let mut documents = Vec::new();
    for file in files {
        documents.extend(read(file)?);
    }
    if documents.is_empty() {
        bail!("there is nothing to apply: no document in {}", shown(files));
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

fn shown(files: &[PathBuf]) -> String {
    files
        .iter()
        .map(|file| file.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
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

/// The documents of a file, of every YAML file of a folder, or of standard input, each with where it stands.
fn read(path: &Path) -> Result<Vec<(String, Value)>> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("standard input")?;
        return parse("standard input", &text);
    }
    if !path.is_dir() {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        return parse(&path.display().to_string(), &text);
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(path)
        .with_context(|| path.display().to_string())?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
    });
    files.sort();
    let mut documents = Vec::new();
    for file in files {
        documents.extend(read(&file)?);
    }
    Ok(documents)
}

fn parse(origin: &str, text: &str) -> Result<Vec<(String, Value)>> {
    let documents = model::yaml::documents(text).with_context(|| origin.to_owned())?;
    let numbered = documents.into_iter().enumerate();
    Ok(numbered
        .map(|(index, document)| (format!("{origin}#{}", index + 1), document))
        .collect())
}

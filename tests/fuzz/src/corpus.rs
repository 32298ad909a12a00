//! What inputs are made of: recorded expressions, templates, schemas, patches, components and documents.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use testkit::compat;

use crate::{mutate, oracle, random::Random, targets::Target};

/// The seeds of one target.
#[derive(Debug)]
pub(crate) enum Corpus {
    /// Texts.
    Texts(Vec<String>),
    /// JSON.
    Documents(Vec<Value>),
    /// Expressions, beside those that a grammar makes.
    Expressions(Vec<String>),
}

impl Corpus {
    /// # Errors
    /// Something recorded cannot be read.
    pub(crate) fn load(target: Target) -> Result<Self> {
        Ok(match target {
            Target::Parser | Target::Checker | Target::Evaluator => Self::Texts(expressions()),
            Target::Oracle => Self::Expressions(expressions()),
            Target::Template => Self::Texts(texts().into_iter().collect()),
            Target::Schema => Self::Texts(inputs("schema.jsonl")),
            Target::Patch => Self::Texts(inputs("patch.jsonl")),
            Target::Openapi => Self::Texts(endpoint_schemas(|text| text.contains("openapi"))?),
            Target::Protobuf => Self::Texts(endpoint_schemas(|text| text.contains("syntax"))?),
            Target::Component => Self::Documents(components()),
            Target::Vet => Self::Documents(documents()?),
            Target::Planted => Self::Texts(vec!["a text to change".to_owned()]),
        })
    }

    /// An input.
    pub(crate) fn input(&self, random: &mut Random) -> String {
        match self {
            Self::Texts(seeds) => mutate::text(seeds, random),
            Self::Documents(seeds) => mutate::document(seeds, random).to_string(),
            Self::Expressions(seeds) if random.below(3) == 0 => mutate::text(seeds, random),
            Self::Expressions(_) => oracle::generate(random),
        }
    }
}

/// The expressions of the tables of the language and of recorded templates.
fn expressions() -> Vec<String> {
    let mut found = BTreeSet::new();
    for table in ["cases.json", "spec-conf.json"] {
        gather_expressions(&compat::cel(table), &mut found);
    }
    found.extend(texts().iter().filter_map(|text| {
        let inside = text.strip_prefix("${")?.strip_suffix('}')?;
        Some(inside.to_owned())
    }));
    found.into_iter().collect()
}

fn gather_expressions(value: &Value, found: &mut BTreeSet<String>) {
    if let Some(expression) = value["expr"].as_str() {
        found.insert(expression.to_owned());
    }
    match value {
        Value::Array(items) => items.iter().for_each(|it| gather_expressions(it, found)),
        Value::Object(map) => map.values().for_each(|it| gather_expressions(it, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The texts of recorded templates.
fn texts() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for row in compat::all_rows("template.jsonl") {
        strings(&row["input"], &mut found);
    }
    found
}

fn inputs(table: &str) -> Vec<String> {
    let rows = compat::all_rows(table);
    rows.iter().map(|row| row["input"].to_string()).collect()
}

/// The schemas of endpoints, recorded and of samples.
fn endpoint_schemas(wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut found = BTreeSet::new();
    for row in compat::all_rows("endpoint-schema.jsonl") {
        strings(&row["input"], &mut found);
    }
    for document in documents()? {
        strings(&document["spec"]["endpoints"], &mut found);
    }
    Ok(found.into_iter().filter(|text| wanted(text)).collect())
}

/// The inputs of renders: what a component is made of, and where it shall run.
fn components() -> Vec<Value> {
    let tables = ["golden-components.jsonl", "component-pipeline.jsonl"];
    let rows = tables
        .iter()
        .flat_map(|table| compat::rows(table, "component.Pipeline.Render"));
    rows.map(|mut row| {
        let mut input = row["input"].take();
        compat::expand_shared(&mut input);
        input
    })
    .collect()
}

/// The platform's objects of the samples and of the catalogue.
fn documents() -> Result<Vec<Value>> {
    let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/catalogue");
    let mut folders = vec![compat::folder().join("samples"), catalogue];
    let mut files: BTreeSet<PathBuf> = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let path = entry?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("yaml") => drop(files.insert(path)),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        found.extend(model::yaml::documents(&text).unwrap_or_default());
    }
    found.retain(|document| {
        let version = document["apiVersion"].as_str().unwrap_or_default();
        version.starts_with("openchoreo.dev/")
    });
    match found.is_empty() {
        true => Err(anyhow!("no documents in the samples")),
        false => Ok(found),
    }
}

fn strings(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(map) => map.values().for_each(|item| strings(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

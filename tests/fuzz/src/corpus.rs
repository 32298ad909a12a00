//! Recorded expressions, templates, schemas and patches, and inputs made of them.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{random::Random, targets::Target};

#[derive(Debug)]
pub(crate) struct Corpus {
    expressions: Vec<String>,
    templates: Vec<String>,
    schemas: Vec<String>,
    patches: Vec<String>,
}

/// Pieces that mutations put in.
const PIECES: &[&str] = &[
    "${",
    "}",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    ".",
    "?",
    "&&",
    "||",
    "!",
    "-",
    "+ 1",
    "0",
    "1.5",
    "1u",
    "9223372036854775807",
    "null",
    "true",
    ".map(x, x)",
    ".filter(x, x)",
    ".all(x, true)",
    "has(a.b)",
    ".?b",
    "[?0]",
    ".orValue(1)",
    "\\",
    "\\u0000",
    "é",
    "\u{0}",
    "b'\\xff'",
    "in",
    "lists.range(9999)",
    ".format([1])",
    "'%s'",
    ".optMap(v, [v, v])",
    "optional.of(",
    "\"$ref\":\"#/$defs/A\",",
    "/-",
    "[*]",
    "[?(@.a=='b')]",
    "~1",
];

impl Corpus {
    pub(crate) fn load() -> Result<Self> {
        let folder = match std::env::var_os("QUINTET_COMPAT_DIR") {
            Some(folder) => folder.into(),
            None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/compat"),
        };
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).with_context(|| path.display().to_string())
        };
        let cases: Value = serde_json::from_str(&read("cel/cases.json")?)?;
        let cases = cases["cases"].as_array().into_iter().flatten();
        let mut expressions: BTreeSet<String> = cases
            .filter_map(|case| Some(case["expr"].as_str()?.to_owned()))
            .collect();
        let rows = |name: &str| -> Result<Vec<Value>> {
            let text = read(name)?;
            let rows = text.lines().map(serde_json::from_str);
            Ok(rows.collect::<Result<_, _>>()?)
        };
        let mut texts = BTreeSet::new();
        for row in rows("render/template.jsonl")? {
            strings(&row["input"], &mut texts);
        }
        expressions.extend(texts.iter().filter_map(|text| {
            let inside = text.strip_prefix("${")?.strip_suffix('}')?;
            Some(inside.to_owned())
        }));
        let inputs = |rows: Vec<Value>| rows.iter().map(|row| row["input"].to_string()).collect();
        Ok(Self {
            expressions: expressions.into_iter().collect(),
            templates: texts.into_iter().collect(),
            schemas: inputs(rows("render/schema.jsonl")?),
            patches: inputs(rows("render/patch.jsonl")?),
        })
    }

    /// An input for a target: a recorded one with a few changes.
    pub(crate) fn mutated(&self, target: Target, random: &mut Random) -> String {
        let seeds = match target {
            Target::Parser | Target::Checker | Target::Evaluator => &self.expressions,
            Target::Template => &self.templates,
            Target::Schema => &self.schemas,
            Target::Patch => &self.patches,
        };
        let mut text: Vec<char> = random
            .pick(seeds)
            .map(|seed| seed.chars().collect())
            .unwrap_or_default();
        for _ in 0..random.below(6) {
            let at = random.below(text.len() + 1);
            let to = (at + random.below(12)).min(text.len());
            match random.below(4) {
                0 => drop(text.drain(at..to)),
                1 => {
                    let piece = random.pick(PIECES).copied().unwrap_or_default();
                    text.splice(at..at, piece.chars());
                }
                2 => {
                    let copy = text[at..to].repeat(1 + random.below(8));
                    text.splice(at..at, copy);
                }
                _ => {
                    let other = random
                        .pick(seeds)
                        .map(|seed| seed.chars().collect::<Vec<_>>());
                    let other = other.unwrap_or_default();
                    let from = random.below(other.len() + 1);
                    text.splice(at..to, other[from..].iter().copied().take(40));
                }
            }
        }
        text.into_iter().take(4096).collect()
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

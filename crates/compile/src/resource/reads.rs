//! Which parts of the status of its objects the expressions of a resource read.

use std::collections::{BTreeMap, BTreeSet};

use model::kinds::output::Output;

use super::Entry;
use crate::template::Engine;

/// JSON pointers below the `.status` of each object that is read, by id; an empty list is all of it.
///
/// An expression that does not compile reads nothing: it fails when it is evaluated.
pub(super) fn status_paths(
    engine: &Engine,
    outputs: &[Output],
    entries: &[Entry],
) -> BTreeMap<String, Vec<String>> {
    let of_outputs = outputs.iter().flat_map(templates);
    let of_entries = entries
        .iter()
        .filter_map(|entry| entry.ready_when.as_deref());
    let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in of_outputs
        .chain(of_entries)
        .flat_map(|template| engine.paths(template, "applied"))
    {
        let mut steps = path.steps.iter();
        let (id, field) = (steps.next(), steps.next());
        if field.is_some_and(|field| &**field != "status") {
            continue;
        }
        let pointer: String = steps
            .map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1")))
            .collect();
        for entry in entries {
            if id.is_none_or(|id| **id == *entry.id) {
                let of_entry = wanted.entry(entry.id.clone()).or_default();
                of_entry.insert(pointer.clone());
            }
        }
    }
    let shortest = wanted
        .into_iter()
        .map(|(id, pointers)| (id, shortest(pointers)));
    shortest.collect()
}

/// The texts of an output that may hold expressions.
fn templates(output: &Output) -> Vec<&str> {
    let references = [&output.secret_key_ref, &output.config_map_key_ref];
    let references = references.into_iter().flatten();
    let parts = references.flat_map(|reference| [reference.name.as_str(), reference.key.as_str()]);
    output.value.as_deref().into_iter().chain(parts).collect()
}

/// Without what lies below another pointer; none where the whole is asked for.
fn shortest(pointers: BTreeSet<String>) -> Vec<String> {
    if pointers.contains("") {
        return Vec::new();
    }
    let mut kept: Vec<String> = Vec::new();
    for pointer in pointers {
        let covered = |other: &String| {
            pointer
                .strip_prefix(other.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        };
        if !kept.iter().any(covered) {
            kept.push(pointer);
        }
    }
    kept
}

//! What the API server does with the published definitions, row by row.

use serde_json::Value;

use model::KindName;
use testkit::compat::{all_rows, without_empty};

use crate::compat::{admit, sample, stored};

#[test]
fn rows_are_admitted_and_refused_as_recorded() {
    let (mut faults, mut compared) = (Vec::new(), 0);
    for row in all_rows("crd-admission.jsonl") {
        let id = row["id"].as_str().unwrap();
        let Some(outcome) = decide(&row) else {
            continue;
        };
        compared += 1;
        match (compare(&row["output"], &outcome), difference(&row)) {
            (Ok(()), _) | (Err(_), Some(_)) => {}
            (Err(fault), None) => faults.push(format!("{id}: {fault}")),
        }
    }
    assert!(compared > 500, "only {compared} rows are about our kinds");
    assert!(
        faults.is_empty(),
        "{} of {compared}:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// Why we may decide a row otherwise.
fn difference(row: &Value) -> Option<&'static str> {
    let input = &row["input"];
    let change = &input["change"];
    let has_spec = match input.get("object") {
        Some(object) => object["spec"].is_object(),
        None => sample(input["baseSample"].as_str().unwrap())["spec"].is_object(),
    };
    if !has_spec || (change["op"] == "remove" && change["path"] == "/spec") {
        return Some(
            "the API server takes an object without a spec, and whatever reads it fails later; here \
             a spec must be complete from the start",
        );
    }
    if change["path"] == "/spec/deploymentPipelineRef" && change["value"].is_string() {
        return Some(
            "the REST API of the reference takes the bare name of a pipeline; every door does",
        );
    }
    None
}

type Outcome = Result<Value, String>;

/// What we do with a row; nothing if it is about a kind that is not ours.
fn decide(row: &Value) -> Option<Outcome> {
    let input = &row["input"];
    if let Some(object) = input.get("object") {
        return is_ours(object).then(|| outcome(admit(object, None)));
    }
    let base = sample(input["baseSample"].as_str().unwrap());
    if !is_ours(&base) {
        return None;
    }
    let base = match admit(&base, None) {
        Ok(base) => base,
        Err(problems) => return Some(Err(format!("the sample itself is refused: {problems}"))),
    };
    let mut changed = base.envelope().to_document();
    change(&mut changed, &input["change"]);
    let old = (row["fn"] == "crd.update").then(|| stored(&base));
    Some(outcome(admit(&changed, old)))
}

fn is_ours(document: &Value) -> bool {
    let kind = KindName::from_public(document["kind"].as_str().unwrap());
    kind.is_ok()
}

fn outcome(admitted: Result<model::Checked, model::Diagnostics>) -> Outcome {
    admitted
        .map(|checked| checked.envelope().to_document())
        .map_err(|problems| problems.to_string())
}

fn compare(expected: &Value, outcome: &Outcome) -> Result<(), String> {
    match (expected["accepted"].as_bool().unwrap(), outcome) {
        (true, Err(problems)) => Err(format!("refused: {problems}")),
        (false, Ok(_)) => Err("admitted".to_owned()),
        (false, Err(_)) => Ok(()),
        (true, Ok(document)) => {
            let Some(object) = expected.get("object") else {
                return Ok(());
            };
            let (left, right) = (without_empty(object), without_empty(document));
            let (left, right) = (left.get("spec"), right.get("spec"));
            if left == right {
                Ok(())
            } else {
                Err(format!("became\n{right:?}\ninstead of\n{left:?}"))
            }
        }
    }
}

/// Applies a change that a row describes.
fn change(document: &mut Value, change: &Value) {
    let path = change["path"].as_str().unwrap();
    let value = change["value"].clone();
    if change["op"] == "append" {
        if let Some(Value::Array(list)) = document.pointer_mut(path) {
            list.push(value);
        }
        return;
    }
    let (parent, key) = path.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    let Some(parent) = document.pointer_mut(parent) else {
        return;
    };
    match (parent, change["op"] == "remove") {
        (Value::Object(map), true) => {
            map.shift_remove(&key);
        }
        (Value::Object(map), false) => {
            map.insert(key, value);
        }
        (Value::Array(list), true) => {
            list.remove(key.parse().unwrap());
        }
        (Value::Array(list), false) => list[key.parse::<usize>().unwrap()] = value,
        (_, _) => {}
    }
}

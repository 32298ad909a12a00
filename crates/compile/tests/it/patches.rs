//! Patches.

use serde_json::{Value, json};

use compile::patch::{self, Operation};
use model::kinds::trait_::PatchOp;

use crate::compat::{check_rows, rows, same, says};

#[test]
fn patches_change_what_the_reference_changes() {
    let rows = rows("patch.jsonl", "patch.ApplyPatches");
    check_rows(&rows, DIFFERENCES, |row| {
        let mut object = row["input"]["resource"].clone();
        let operations = row["input"]["operations"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let operations: Option<Vec<_>> = operations.iter().map(operation).collect();
        let result = match operations {
            Some(operations) => patch::apply(&mut object, &operations).map_err(|e| e.to_string()),
            None => Err("unknown operation".to_owned()),
        };
        match (result, row["error"]["message"].as_str()) {
            (Err(own), expected) => says(&own, expected),
            (Ok(()), None) if same(&object, &row["after"]["resource"]) => Ok(()),
            (Ok(()), None) => Err(format!("gave {object}")),
            (Ok(()), Some(error)) => Err(format!("should fail with {error}")),
        }
    });
}

const DIFFERENCES: &[(&str, &str)] = &[
    (
        "patch.ApplyPatches|TestApplyPatches/mergeShallow_annotations_without_clobbering_existing",
        "mergeShallow is internal to the reference: no type or trait can write it",
    ),
    (
        "patch.ApplyPatches|extra/patch/027",
        "an unknown operation does not decode",
    ),
    (
        "patch.ApplyPatches|extra/patch/030",
        "an unknown operation does not decode",
    ),
    (
        "patch.ApplyPatches|extra/patch/055",
        "an unknown operation does not decode",
    ),
    (
        "patch.ApplyPatches|extra/patch/029",
        "mergeShallow is internal to the reference: no type or trait can write it",
    ),
    (
        "patch.ApplyPatches|extra/patch/023",
        "several elements are removed from the end, so that indexes hold",
    ),
    (
        "patch.ApplyPatches|extra/patch/037",
        "a map may have numbers for keys",
    ),
    (
        "patch.ApplyPatches|extra/patch/038",
        "a map may have numbers for keys",
    ),
];

fn operation(value: &Value) -> Option<Operation> {
    let op = serde_json::from_value(value["op"].as_str()?.to_lowercase().into()).ok()?;
    let path = value["path"].as_str()?.to_owned();
    Some(Operation {
        op,
        path,
        value: value["value"].clone(),
    })
}

#[test]
fn paths_expand_as_in_the_reference() {
    let rows = rows("patch.jsonl", "patch.expandPaths");
    check_rows(&rows, &[], |row| {
        let path = row["input"]["rawPath"].as_str().unwrap();
        match (patch::expand(&row["input"]["root"], path), row.get("error")) {
            (Err(_), Some(_)) => Ok(()),
            (Ok(paths), None) if same(&paths.clone().into(), &row["output"]["result"]) => Ok(()),
            (result, _) => Err(format!("{result:?}")),
        }
    });
}

fn patched(object: Value, op: PatchOp, path: &str, value: Value) -> Result<Value, String> {
    let mut object = object;
    let operation = Operation {
        op,
        path: path.to_owned(),
        value,
    };
    patch::apply(&mut object, &[operation]).map_err(|error| error.to_string())?;
    Ok(object)
}

#[test]
fn several_places_of_one_list_do_not_shift() {
    let list = json!({"l": [{"n": "a"}, {"n": "b"}, {"n": "a"}]});
    let removed = patched(
        list.clone(),
        PatchOp::Remove,
        "/l/[?(@.n=='a')]",
        Value::Null,
    );
    assert_eq!(removed.unwrap(), json!({"l": [{"n": "b"}]}));
    let added = patched(list, PatchOp::Add, "/l/[?(@.n=='a')]", json!(0));
    assert_eq!(
        added.unwrap(),
        json!({"l": [0, {"n": "a"}, {"n": "b"}, 0, {"n": "a"}]})
    );
}

#[test]
fn numbers_are_keys_of_maps() {
    let added = patched(
        json!({"data": {"1": "a"}}),
        PatchOp::Add,
        "/data/2",
        json!("b"),
    );
    assert_eq!(added.unwrap(), json!({"data": {"1": "a", "2": "b"}}));
    let missing = patched(json!({}), PatchOp::Add, "/data/2", json!("b"));
    assert!(
        missing.is_err(),
        "where nothing is, a number does not say which is meant"
    );
}

#[test]
fn brackets_in_quotes_are_text() {
    let list = json!({"l": [{"n": "a]b"}, {"n": "c"}]});
    let removed = patched(list, PatchOp::Remove, "/l/[?(@.n=='a]b')]", Value::Null);
    assert_eq!(removed.unwrap(), json!({"l": [{"n": "c"}]}));
}

//! Patches.

use serde_json::{Value, json};

use compile::patch::{self, Operation};
use model::kinds::trait_::PatchOp;

use testkit::compat::{Difference, Table, same, says};

#[test]
fn patches_change_what_the_reference_changes() {
    Table::of("patch.jsonl", "patch.ApplyPatches")
        .but(DIFFERENCES)
        .check(|row| {
            let mut object = row["input"]["resource"].clone();
            let operations = row["input"]["operations"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let operations: Option<Vec<_>> = operations.iter().map(operation).collect();
            let result = match operations {
                Some(operations) => {
                    patch::apply(&mut object, &operations).map_err(|e| e.to_string())
                }
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

const DIFFERENCES: &[Difference] = &[
    Difference {
        name: "patch-operations",
        shows: |row| {
            let known = ["add", "replace", "remove"];
            !operations(row).all(|(op, _)| known.contains(&&*op))
        },
    },
    Difference {
        name: "many-removed",
        shows: |row| {
            let whole = |path: &str| path.ends_with("[*]") || path.ends_with(")]");
            let several = |path: &str| {
                let found = patch::expand(&row["input"]["resource"], path);
                found.is_ok_and(|found| found.len() > 1)
            };
            operations(row).any(|(op, path)| op != "replace" && whole(path) && several(path))
        },
    },
    Difference {
        name: "numeric-keys",
        shows: |row| {
            let resource = &row["input"]["resource"];
            let steps =
                |path: &str| -> Vec<usize> { path.match_indices('/').map(|(at, _)| at).collect() };
            operations(row).any(|(_, path)| {
                steps(path).into_iter().any(|at| {
                    let key = path[at + 1..].split('/').next().unwrap_or_default();
                    key.parse::<usize>().is_ok()
                        && resource.pointer(&path[..at]).is_some_and(Value::is_object)
                })
            })
        },
    },
];

/// Name and path of each operation of a row.
fn operations(row: &Value) -> impl Iterator<Item = (String, &str)> {
    let operations = row["input"]["operations"].as_array().into_iter().flatten();
    operations.map(|operation| {
        let op = operation["op"].as_str().unwrap_or_default().to_lowercase();
        (op, operation["path"].as_str().unwrap_or_default())
    })
}

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
    Table::of("patch.jsonl", "patch.expandPaths").check(|row| {
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

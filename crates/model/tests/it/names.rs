//! Generated names against recorded ones.

use serde_json::Value;

use model::name;

use crate::compat::rows;

#[test]
fn generated_names_are_those_recorded() {
    let (mut faults, mut compared) = (Vec::new(), 0);
    for row in rows("names.jsonl") {
        let Some(ours) = generate(&row["fn"], &row["input"]) else {
            continue;
        };
        let theirs = row["output"]["result"].as_str().unwrap();
        compared += 1;
        // Letters outside ASCII survive in the reference and make names that Kubernetes refuses.
        if ours != theirs && theirs.is_ascii() {
            faults.push(format!("{}: {ours} instead of {theirs}", row["id"]));
        }
        let limit = row["input"]["limit"]
            .as_u64()
            .unwrap_or(name::MAX_NAME as u64);
        if ours.len() as u64 > limit.max(9) {
            faults.push(format!("{}: {ours} is too long", row["id"]));
        }
    }
    assert!(
        compared > 150,
        "only {compared} rows are about generated names"
    );
    assert!(
        faults.is_empty(),
        "{} of {compared}:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

fn generate(function: &Value, input: &Value) -> Option<String> {
    let parts: Vec<&str> = input["names"]
        .as_array()?
        .iter()
        .map(|part| part.as_str().unwrap())
        .collect();
    let limit = input["limit"]
        .as_u64()
        .map(|limit| usize::try_from(limit).unwrap());
    Some(match function.as_str().unwrap() {
        "kubernetes.GenerateK8sName" => name::generate(&parts, name::MAX_NAME),
        "kubernetes.GenerateK8sNameWithLengthLimit" => name::generate(&parts, limit?),
        "kubernetes.GenerateK8sNameWithExtraHashInput" => {
            name::generate_with_extra(&parts, input["extraHashInput"].as_str(), limit?)
        }
        _ => return None,
    })
}

//! Generated names against recorded ones.

use serde_json::Value;

use model::name;
use testkit::compat::{Difference, Table, agree, result};

/// Letters outside ASCII survive in the reference and make names that Kubernetes refuses.
const DIFFERENCES: &[Difference] = &[Difference {
    name: "ascii-names",
    shows: |row| result(row).as_str().is_some_and(|name| !name.is_ascii()),
}];

#[test]
fn generated_names_are_those_recorded() {
    for function in [
        "kubernetes.GenerateK8sName",
        "kubernetes.GenerateK8sNameWithLengthLimit",
        "kubernetes.GenerateK8sNameWithExtraHashInput",
    ] {
        Table::of("names.jsonl", function)
            .but(DIFFERENCES)
            .check(|row| {
                let ours = generate(&row["input"]);
                let limit = row["input"]["limit"]
                    .as_u64()
                    .unwrap_or(name::MAX_NAME as u64);
                assert!(ours.len() as u64 <= limit.max(9), "{ours} is too long");
                agree(&ours.into(), result(row))
            });
    }
}

fn generate(input: &Value) -> String {
    let parts = input["names"].as_array().into_iter().flatten();
    let parts: Vec<&str> = parts.filter_map(Value::as_str).collect();
    let limit = input["limit"].as_u64();
    let limit = limit.map_or(name::MAX_NAME, |limit| usize::try_from(limit).unwrap());
    name::generate_with_extra(&parts, input["extraHashInput"].as_str(), limit)
}

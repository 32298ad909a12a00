//! Every published sample of our kinds is admitted.

use serde_json::Value;

use model::KindName;

use testkit::compat::read;

use crate::compat::{admit, sample};

/// Why a sample may be refused.
fn excuse(id: &str, document: &Value) -> Option<&'static str> {
    if !document["spec"].is_object() {
        return Some("an empty example that the API server takes and nothing can work with");
    }
    (id == "config/samples/openchoreo_v1alpha1_project.yaml#0")
        .then_some("it lacks the type that its own definition requires")
}

#[test]
fn published_samples_are_admitted() {
    let index: Value = serde_json::from_str(&read("samples/index.json")).unwrap();
    // Inputs of the reference's unit tests are parts of objects.
    let is_sample =
        |file: &&Value| file["group"] != "testdata" && file["group"] != "render-testdata";
    let files = index.as_array().unwrap().iter().filter(is_sample);
    let (mut faults, mut admitted) = (Vec::new(), 0);
    for document in files.flat_map(|file| file["documents"].as_array().unwrap()) {
        if KindName::from_public(document["kind"].as_str().unwrap()).is_err() {
            continue;
        }
        let id = document["id"].as_str().unwrap();
        let document = sample(id);
        match (admit(&document, None), excuse(id, &document)) {
            (Ok(_), None) => admitted += 1,
            (Ok(_) | Err(_), Some(_)) => {}
            (Err(problems), None) => faults.push(format!("{id}: {problems}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(admitted > 200, "only {admitted} samples are of our kinds");
}

#[test]
fn our_own_catalogue_and_samples_are_admitted() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut faults, mut admitted) = (Vec::new(), 0);
    for folder in ["deploy/catalogue", "samples/greeter"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|end| end != "yaml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for document in model::yaml::documents(&text).unwrap() {
                match admit(&document, None) {
                    Ok(_) => admitted += 1,
                    Err(problems) => faults.push(format!("{}: {problems}", path.display())),
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(admitted > 10, "only {admitted} objects");
}

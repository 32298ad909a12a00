//! Two states of a small platform: what is compared, and what it may cost.

use std::{cell::Cell, path::Path};

use serde_json::{Value, json};

use compile::Compiler;
use preview::{
    compare::{Comparison, Error, Question, compare},
    workspace::{Releases, Subject, Workspace},
};

/// The default catalogue, the sample, and the sample once more under another name.
fn documents() -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<_> = std::fs::read_dir(root.join("deploy/catalogue"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut texts: Vec<_> = (files.iter())
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    let sample = std::fs::read_to_string(root.join("samples/greeter/greeter.yaml")).unwrap();
    texts.push(sample.replace("greeter", "waver"));
    texts.push(sample);
    let all = texts
        .iter()
        .flat_map(|text| model::yaml::documents(text).unwrap());
    all.collect()
}

fn workspace(documents: &[Value]) -> Workspace {
    let mut workspace = Workspace::default();
    for document in documents {
        workspace.put(None, document, "default").unwrap();
    }
    workspace
}

fn find<'a>(documents: &'a mut [Value], kind: &str, name: &str) -> &'a mut Value {
    let found = documents
        .iter_mut()
        .find(|it| it["kind"] == kind && it["metadata"]["name"] == name);
    found.unwrap()
}

fn question<'a>() -> Question<'a> {
    Question {
        environment: None,
        releases: Releases::Current,
        may_see: &|_| true,
        most_units: usize::MAX,
        goes_on: &|| true,
    }
}

/// What a change of the image of the greeter does.
fn image(question: &Question<'_>) -> Result<Comparison, Error> {
    let mut documents = documents();
    let before = workspace(&documents);
    find(&mut documents, "Workload", "greeter")["spec"]["container"]["image"] = json!("other:2");
    let after = workspace(&documents);
    compare(&Compiler::new(), (&before, &after), Vec::new(), question)
}

#[test]
fn only_what_the_change_concerns_is_compiled() {
    let asked = Question {
        most_units: 1,
        ..question()
    };
    let comparison = image(&asked).unwrap();
    let concerned: Vec<_> = (comparison.groups.iter())
        .flat_map(|group| &group.concerned)
        .collect();
    let [one] = &*concerned else {
        panic!("{concerned:?}")
    };
    assert_eq!(one.subject.component.as_deref(), Some("greeter"));
    assert_eq!(one.subject.environment, "development");
}

#[test]
fn a_change_that_concerns_more_than_may_be_compiled_is_refused() {
    let asked = Question {
        most_units: 0,
        ..question()
    };
    assert_eq!(image(&asked).unwrap_err(), Error::Units { most: 0 });
}

#[test]
fn the_end_of_the_time_ends_a_comparison_wherever_it_is() {
    for steps in 0_usize..8 {
        let left = Cell::new(steps);
        let goes_on = || left.replace(left.get().saturating_sub(1)) > 0;
        let asked = Question {
            goes_on: &goes_on,
            ..question()
        };
        assert_eq!(image(&asked).unwrap_err(), Error::Time, "{steps} steps");
    }
}

#[test]
fn what_the_caller_may_not_see_is_only_counted() {
    let may_see = |subject: &Subject| subject.project != "greeter";
    let asked = Question {
        may_see: &may_see,
        ..question()
    };
    let comparison = image(&asked).unwrap();
    assert_eq!(comparison.hidden, 1);
    assert!(comparison.groups.is_empty());
}

#[test]
fn a_problem_that_there_was_before_is_not_told_again() {
    let mut documents = documents();
    find(&mut documents, "Component", "waver")["spec"]["parameters"] = json!({"replicas": "many"});
    let before = workspace(&documents);
    find(&mut documents, "Workload", "greeter")["spec"]["container"]["image"] = json!("other:2");
    find(&mut documents, "Workload", "waver")["spec"]["container"]["image"] = json!("other:2");
    let after = workspace(&documents);
    let sides = (&before, &after);
    let comparison = compare(&Compiler::new(), sides, Vec::new(), &question()).unwrap();
    assert_eq!(comparison.problems, []);
    assert_eq!(comparison.groups.len(), 1);
}

/// A resource binding as a server has it: ready, with an output.
fn ready_database() -> Value {
    json!({"apiVersion": "openchoreo.dev/v1alpha1", "kind": "ResourceReleaseBinding",
        "metadata": {"name": "db-development", "namespace": "default"},
        "spec": {"owner": {"projectName": "greeter", "resourceName": "db"},
            "environment": "development", "resourceRelease": "db-1"},
        "status": {"outputs": [{"name": "host", "value": "db.internal"}],
            "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": "",
                "observedGeneration": 0, "lastTransitionTime": "2026-01-01T00:00:00Z"}]}})
}

#[test]
fn what_a_workload_needs_of_resources_and_secrets_is_rendered() {
    let mut documents = documents();
    for plane in documents
        .iter_mut()
        .filter(|it| it["kind"] == "ClusterDataPlane")
    {
        plane["spec"]["secretStoreRef"] = json!({"name": "vault"});
    }
    let before = workspace(&documents);
    let workload = find(&mut documents, "Workload", "greeter");
    workload["spec"]["dependencies"] =
        json!({"resources": [{"ref": "db", "envBindings": {"host": "DB_HOST"}}]});
    workload["spec"]["container"]["env"] = json!([{"key": "TOKEN",
        "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}}]);
    documents.push(ready_database());
    documents.push(
        json!({"apiVersion": "openchoreo.dev/v1alpha1", "kind": "SecretReference",
        "metadata": {"name": "keys", "namespace": "default"},
        "spec": {"template": {"type": "Opaque"}, "data": [
            {"secretKey": "token", "remoteRef": {"key": "vault/greeter", "property": "t"}}]}}),
    );
    let after = workspace(&documents);
    let sides = (&before, &after);
    let comparison = compare(&Compiler::new(), sides, Vec::new(), &question()).unwrap();
    assert_eq!(comparison.problems, []);
    let objects = serde_json::to_string(&comparison.groups).unwrap();
    assert!(
        objects.contains(r#"{"name":"DB_HOST","value":"db.internal"}"#),
        "{objects}"
    );
    assert!(objects.contains("vault/greeter"), "{objects}");
}

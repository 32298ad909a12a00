//! Previews of changes to what the store has.

use std::path::Path;

use serde_json::{Value, json};
use tonic::Code;

use proto::preview::{CompareRequest, Draft};

use crate::hub::{GUEST, Hub};

/// The documents of a file of the repository.
fn documents(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    model::yaml::documents(&std::fs::read_to_string(path).unwrap()).unwrap()
}

async fn hub() -> Hub {
    let hub = Hub::start().await;
    hub.apply_catalogue().await;
    for document in documents("samples/greeter/greeter.yaml") {
        hub.create(&document).await.unwrap();
    }
    hub
}

fn request(documents: &[Value]) -> CompareRequest {
    let draft = |(document, number): (&Value, u32)| Draft {
        document: document.to_string(),
        file: "draft.yaml".to_owned(),
        number,
    };
    CompareRequest {
        drafts: documents.iter().zip(1..).map(draft).collect(),
        namespace: "default".to_owned(),
        ..CompareRequest::default()
    }
}

/// The workload of the greeter with another image.
fn changed_workload() -> Value {
    let all = documents("samples/greeter/greeter.yaml");
    let mut workload = all.into_iter().find(|it| it["kind"] == "Workload").unwrap();
    workload["spec"]["container"]["image"] = json!("quintet.local/greeter:2");
    workload
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_compared_with_what_is_stored_and_changes_nothing() {
    let hub = hub().await;
    let asked = request(&[changed_workload()]);
    let first = hub.compare(asked.clone(), None).await.unwrap();
    let group = &first["groups"][0];
    let image = "/spec/template/spec/containers/0/image";
    assert_eq!(first["problems"], json!([]), "{first}");
    assert_eq!(group["concerned"][0]["subject"]["component"], "greeter");
    assert_eq!(
        group["before"].pointer(image).unwrap(),
        "quintet.local/greeter:1"
    );
    assert_eq!(
        group["after"].pointer(image).unwrap(),
        "quintet.local/greeter:2"
    );
    assert_eq!(hub.compare(asked, None).await.unwrap(), first);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_is_not_valid_is_a_problem_with_its_place() {
    let hub = hub().await;
    let mut workload = changed_workload();
    workload["spec"]["container"]["imagee"] = json!("x");
    let said = hub.compare(request(&[workload]), None).await.unwrap();
    let problem = &said["problems"][0];
    assert_eq!(problem["object"]["kind"], "Workload", "{said}");
    assert_eq!(
        problem["source"],
        json!({"file": "draft.yaml", "document": 1})
    );
    assert_eq!(said["groups"], json!([]));
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_make_a_change_may_preview_it() {
    let hub = hub().await;
    let asked = request(&[changed_workload()]);
    let refused = hub.compare(asked, Some(GUEST)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_documents_than_allowed_and_unknown_environments_are_refused() {
    let hub = hub().await;
    let many = vec![changed_workload(); 501];
    let refused = hub.compare(request(&many), None).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let mut asked = request(&[changed_workload()]);
    "elsewhere".clone_into(&mut asked.environment);
    let refused = hub.compare(asked, None).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    hub.stop().await;
}

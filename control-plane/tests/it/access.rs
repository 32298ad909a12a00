//! Who may do what, through the door.

use serde_json::{Value, json};
use tonic::{Code, Status};

use model::{Envelope, ObjectKey};
use proto::resources::{
    CheckRequest, DeleteRequest, GetRequest, ListRequest, ListResponse, Object, Place,
    ProfileRequest, UpdateRequest, WatchRequest, WriteRequest, event::Type,
};

use crate::hub::{ADMIN, DEADLINE, DEV, Hub, LEAD, on_every_hub, with};

fn document(kind: &str, namespace: &str, name: &str, spec: Value) -> Value {
    let api = if kind == "Namespace" {
        "v1"
    } else {
        "openchoreo.dev/v1alpha1"
    };
    let mut metadata = json!({"name": name});
    if !namespace.is_empty() {
        metadata["namespace"] = namespace.into();
    }
    json!({"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec})
}

fn role(namespace: &str, name: &str, actions: &[&str]) -> Value {
    let kind = if namespace.is_empty() {
        "ClusterAuthzRole"
    } else {
        "AuthzRole"
    };
    document(kind, namespace, name, json!({"actions": actions}))
}

/// Gives a group a role of the same namespace, or of the whole platform.
fn binding(namespace: &str, group: &str, role: &str, effect: &str) -> Value {
    let cluster = if namespace.is_empty() { "Cluster" } else { "" };
    let spec = json!({
        "entitlement": {"claim": "groups", "value": group},
        "roleMappings": [{"roleRef": {"kind": format!("{cluster}AuthzRole"), "name": role}}],
        "effect": effect,
    });
    let name = format!("{group}-{role}-{effect}");
    document(
        &format!("{cluster}AuthzRoleBinding"),
        namespace,
        &name,
        spec,
    )
}

fn environment(namespace: &str, name: &str) -> Value {
    let plane = json!({"kind": "ClusterDataPlane", "name": "default"});
    document(
        "Environment",
        namespace,
        name,
        json!({"dataPlaneRef": plane}),
    )
}

fn object(document: &Value) -> Object {
    Object::from(&Envelope::from_document(document, None).unwrap())
}

async fn create(hub: &Hub, token: &str, document: &Value) -> Result<(), Status> {
    let request = WriteRequest {
        object: Some(object(document)),
        dry_run: false,
    };
    hub.resources().create(with(token, request)).await.map(drop)
}

async fn update(hub: &Hub, token: &str, document: &Value) -> Result<(), Status> {
    let request = UpdateRequest {
        object: Some(object(document)),
        ..UpdateRequest::default()
    };
    hub.resources().update(with(token, request)).await.map(drop)
}

fn key(document: &Value) -> ObjectKey {
    Envelope::from_document(document, None).unwrap().key
}

async fn delete(hub: &Hub, token: &str, document: &Value) -> Result<(), Status> {
    let request = DeleteRequest {
        key: Some((&key(document)).into()),
        revision: 0,
    };
    hub.resources().delete(with(token, request)).await.map(drop)
}

async fn get(hub: &Hub, token: &str, document: &Value) -> Result<(), Status> {
    let request = GetRequest {
        key: Some((&key(document)).into()),
    };
    hub.resources().get(with(token, request)).await.map(drop)
}

async fn list(hub: &Hub, token: &str, request: ListRequest) -> Result<ListResponse, Status> {
    let listed = hub.resources().list(with(token, request)).await;
    listed.map(tonic::Response::into_inner)
}

fn is_forbidden(outcome: &Result<(), Status>) -> bool {
    outcome
        .as_ref()
        .is_err_and(|status| status.code() == Code::PermissionDenied)
}

/// A hub with these namespaces, each with two environments.
async fn hub(namespaces: &[&str]) -> Hub {
    let hub = Hub::start().await;
    fill(&hub, namespaces).await;
    hub
}

async fn fill(hub: &Hub, namespaces: &[&str]) {
    for namespace in namespaces {
        hub.create(&document("Namespace", "", namespace, json!({})))
            .await
            .unwrap();
        for name in ["one", "two"] {
            hub.create(&environment(namespace, name)).await.unwrap();
        }
    }
}

on_every_hub! {
    what_is_given_and_taken_counts_at_once,
}

async fn what_is_given_and_taken_counts_at_once(hub: Hub) {
    fill(&hub, &["a"]).await;
    let seen = environment("a", "one");
    assert!(is_forbidden(&get(&hub, DEV, &seen).await));
    let reader = role("a", "reader", &["environment:view"]);
    let given = binding("a", "devs", "reader", "allow");
    hub.create(&reader).await.unwrap();
    hub.create(&given).await.unwrap();
    get(&hub, DEV, &seen).await.unwrap();
    let other = role("a", "reader", &["project:view"]);
    update(&hub, ADMIN, &other).await.unwrap();
    assert!(is_forbidden(&get(&hub, DEV, &seen).await));
    update(&hub, ADMIN, &reader).await.unwrap();
    get(&hub, DEV, &seen).await.unwrap();
    delete(&hub, ADMIN, &given).await.unwrap();
    assert!(is_forbidden(&get(&hub, DEV, &seen).await));
    hub.stop().await;
}

#[tokio::test]
async fn lists_hold_what_may_be_seen_on_full_pages() {
    let hub = hub(&["a", "b", "a-c"]).await;
    let environments = || ListRequest {
        kind: "Environment".to_owned(),
        limit: 3,
        ..ListRequest::default()
    };
    assert_eq!(
        list(&hub, DEV, environments()).await.unwrap().objects.len(),
        0
    );
    for namespace in ["a", "a-c"] {
        hub.create(&role(namespace, "reader", &["environment:*"]))
            .await
            .unwrap();
        hub.create(&binding(namespace, "devs", "reader", "allow"))
            .await
            .unwrap();
    }
    let first = list(&hub, DEV, environments()).await.unwrap();
    assert_eq!(first.objects.len(), 3);
    assert_eq!(first.remaining, 1);
    let rest = ListRequest {
        cursor: first.next_cursor,
        ..environments()
    };
    let rest = list(&hub, DEV, rest).await.unwrap();
    assert_eq!(rest.objects.len(), 1);
    assert_eq!(rest.next_cursor, "");
    let elsewhere = ListRequest {
        namespace: "b".to_owned(),
        ..environments()
    };
    assert_eq!(list(&hub, DEV, elsewhere).await.unwrap().objects.len(), 0);
    let roles = ListRequest {
        kind: "ClusterAuthzRole".to_owned(),
        ..ListRequest::default()
    };
    let refused = list(&hub, DEV, roles).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    hub.stop().await;
}

#[tokio::test]
async fn nobody_gives_more_than_they_hold() {
    let hub = hub(&["a"]).await;
    let lead = &["environment:*", "authzrole:*", "authzrolebinding:*"];
    hub.create(&role("a", "lead", lead)).await.unwrap();
    hub.create(&binding("a", "leads", "lead", "allow"))
        .await
        .unwrap();
    let reader = role("a", "reader", &["environment:view"]);
    create(&hub, LEAD, &reader).await.unwrap();
    create(&hub, LEAD, &binding("a", "devs", "reader", "allow"))
        .await
        .unwrap();
    get(&hub, DEV, &environment("a", "one")).await.unwrap();

    let wider = role("a", "reader", &["environment:view", "secret:view"]);
    let refused = update(&hub, LEAD, &wider).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(
        refused.message().contains("secret:view in ns/a"),
        "{refused}"
    );
    assert!(is_forbidden(
        &create(&hub, LEAD, &binding("a", "leads", "absent", "allow")).await
    ));

    hub.create(&binding("a", "leads", "reader", "deny"))
        .await
        .unwrap();
    assert!(is_forbidden(
        &get(&hub, LEAD, &environment("a", "one")).await
    ));
    let denial = binding("a", "leads", "reader", "deny");
    assert!(is_forbidden(&delete(&hub, LEAD, &denial).await));
    assert!(is_forbidden(&delete(&hub, LEAD, &reader).await));
    delete(&hub, ADMIN, &denial).await.unwrap();
    get(&hub, LEAD, &environment("a", "one")).await.unwrap();
    hub.stop().await;
}

#[tokio::test]
async fn a_run_of_others_is_not_taken_over_by_calling_it_ones_own() {
    let hub = hub(&["a"]).await;
    hub.create(&role("a", "runner", &["workflowrun:*"]))
        .await
        .unwrap();
    let mut own = binding("a", "devs", "runner", "allow");
    own["spec"]["roleMappings"][0]["scope"] = json!({"project": "mine"});
    hub.create(&own).await.unwrap();
    let run = |project: &str| {
        let workflow = json!({"kind": "ClusterWorkflow", "name": "build"});
        let mut run = document("WorkflowRun", "a", "run", json!({"workflow": workflow}));
        run["metadata"]["labels"] = json!({"openchoreo.dev/project": project});
        run
    };
    hub.create(&run("theirs")).await.unwrap();
    assert!(is_forbidden(&update(&hub, DEV, &run("theirs")).await));
    assert!(is_forbidden(&update(&hub, DEV, &run("mine")).await));
    assert!(is_forbidden(&delete(&hub, DEV, &run("mine")).await));
    hub.stop().await;
}

#[tokio::test]
async fn conditions_look_at_the_object() {
    let hub = hub(&["a"]).await;
    hub.create(&role("a", "deployer", &["releasebinding:*"]))
        .await
        .unwrap();
    let mut given = binding("a", "devs", "deployer", "allow");
    given["spec"]["roleMappings"][0]["conditions"] = json!([{
        "actions": ["releasebinding:*"], "expression": "resource.environment == \"a/one\"",
    }]);
    hub.create(&given).await.unwrap();
    let release = |environment: &str| {
        let owner = json!({"projectName": "p", "componentName": "c"});
        let spec = json!({"owner": owner, "environment": environment});
        document("ReleaseBinding", "a", &format!("c-{environment}"), spec)
    };
    create(&hub, DEV, &release("one")).await.unwrap();
    assert!(is_forbidden(&create(&hub, DEV, &release("two")).await));
    hub.create(&release("two")).await.unwrap();
    let all = ListRequest {
        kind: "ReleaseBinding".to_owned(),
        ..ListRequest::default()
    };
    assert_eq!(list(&hub, DEV, all).await.unwrap().objects.len(), 1);
    let broken =
        json!([{"actions": ["releasebinding:*"], "expression": "resource.workflow == \"x\""}]);
    given["spec"]["roleMappings"][0]["conditions"] = broken;
    let refused = update(&hub, ADMIN, &given).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    hub.stop().await;
}

#[tokio::test]
async fn a_watch_ends_when_the_watcher_may_see_more_or_less() {
    let hub = hub(&["a"]).await;
    let asked = WatchRequest::default();
    let watch = async |token: &str| {
        let stream = hub.resources().watch(with(token, asked.clone())).await;
        stream.unwrap().into_inner()
    };
    let (mut affected, mut other) = (watch(DEV).await, watch(LEAD).await);
    hub.create(&role("a", "reader", &["environment:view"]))
        .await
        .unwrap();
    hub.create(&binding("a", "devs", "reader", "allow"))
        .await
        .unwrap();
    let expired = async {
        while let Some(event) = affected.message().await.unwrap() {
            if event.r#type() == Type::Expired {
                return true;
            }
        }
        false
    };
    assert!(tokio::time::timeout(DEADLINE, expired).await.unwrap());
    hub.create(&environment("a", "three")).await.unwrap();
    let newest = hub
        .find(&key(&environment("a", "three")))
        .await
        .metadata
        .resource_version;
    let followed = async {
        while let Some(event) = other.message().await.unwrap() {
            assert_eq!(event.r#type(), Type::Bookmark);
            if newest.is_some_and(|newest| event.revision >= newest.0) {
                return true;
            }
        }
        false
    };
    assert!(tokio::time::timeout(DEADLINE, followed).await.unwrap());
    drop((affected, other));
    hub.stop().await;
}

#[tokio::test]
async fn a_caller_learns_what_it_may_do() {
    let hub = hub(&["a"]).await;
    hub.create(&role("a", "viewer", &["logs:view", "component:view"]))
        .await
        .unwrap();
    let mut given = binding("a", "devs", "viewer", "allow");
    given["spec"]["roleMappings"][0]["conditions"] = json!([{
        "actions": ["logs:view"], "expression": "resource.environment == \"a/one\"",
    }]);
    hub.create(&given).await.unwrap();
    let profile = ProfileRequest {
        place: Some(Place {
            namespace: "a".to_owned(),
            ..Place::default()
        }),
    };
    let profile = hub
        .access()
        .profile(with(DEV, profile))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(profile.subject.unwrap().values, ["devs"]);
    let allowed = |action: &str| profile.capabilities[action].allowed[0].clone();
    assert_eq!(profile.capabilities.len(), 2);
    assert_eq!(allowed("component:view").expressions, Vec::<String>::new());
    assert_eq!(allowed("logs:view").path, "ns/a");
    assert_eq!(allowed("logs:view").expressions.len(), 1);
    let check = async |environment: &str| {
        let request = CheckRequest {
            action: "logs:view".to_owned(),
            namespace: "a".to_owned(),
            environment: environment.to_owned(),
            ..CheckRequest::default()
        };
        hub.access()
            .check(with(DEV, request))
            .await
            .unwrap()
            .into_inner()
            .allowed
    };
    assert!(check("one").await);
    assert!(!check("two").await);
    assert!(
        !check("").await,
        "some of all environments are not for this caller"
    );
    hub.stop().await;
}

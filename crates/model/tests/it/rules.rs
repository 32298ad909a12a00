//! Rules that no published row shows: what an update keeps, what cluster scope narrows, what older
//! spellings mean, in which indexes objects lie, what they export.

use serde_json::{Value, json};

use model::{
    Checked, Diagnostics, IndexKey, Kind, KindName,
    kinds::{Component, DataPlane, ReleaseBinding, Workflow, WorkflowRun, reference::TraitKind},
};

use crate::compat::{admit, stored};

fn object(kind: &str, spec: Value) -> Value {
    json!({
        "apiVersion": "openchoreo.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": "x"},
        "spec": spec,
    })
}

fn create(kind: &str, spec: Value) -> Result<Checked, Diagnostics> {
    admit(&object(kind, spec), None)
}

fn spec(checked: &Checked) -> Value {
    checked.envelope().spec.to_value()
}

#[test]
fn an_update_without_a_release_keeps_the_release() {
    let binding = |release: Option<&str>| {
        let mut spec = json!({
            "owner": {"projectName": "shop", "componentName": "cart"},
            "environment": "development",
        });
        if let Some(release) = release {
            spec["releaseName"] = release.into();
        }
        object("ReleaseBinding", spec)
    };
    let old = admit(&binding(Some("cart-1")), None).unwrap();
    for silent in [None, Some("")] {
        let new = admit(&binding(silent), Some(stored(&old))).unwrap();
        assert_eq!(spec(&new)["releaseName"], "cart-1");
    }
    let new = admit(&binding(Some("cart-2")), Some(stored(&old))).unwrap();
    assert_eq!(spec(&new)["releaseName"], "cart-2");
    assert_eq!(
        spec(&admit(&binding(Some("")), None).unwrap()).get("releaseName"),
        None
    );
}

#[test]
fn a_pipeline_may_be_named_alone() {
    let bare = json!({"deploymentPipelineRef": "default", "type": {"name": "default"}});
    let reference = json!({"kind": "DeploymentPipeline", "name": "default"});
    assert_eq!(
        spec(&create("Project", bare).unwrap())["deploymentPipelineRef"],
        reference
    );
}

#[test]
fn objects_of_the_whole_platform_name_only_such_objects() {
    let with = |kind: Option<&str>| {
        let mut embedded = json!({"name": "t", "instanceName": "t"});
        if let Some(kind) = kind {
            embedded["kind"] = kind.into();
        }
        let resource = json!({"id": "deployment", "template": {}});
        json!({"workloadType": "deployment", "resources": [resource], "traits": [embedded]})
    };
    let shared = create("ClusterComponentType", with(None)).unwrap();
    assert_eq!(
        spec(&shared)["traits"][0]["kind"],
        TraitKind::ClusterTrait.as_str()
    );
    let own = create("ComponentType", with(None)).unwrap();
    assert_eq!(spec(&own)["traits"][0]["kind"], TraitKind::Trait.as_str());
    let problems = create("ClusterComponentType", with(Some("Trait"))).unwrap_err();
    assert_eq!(problems.iter().next().unwrap().path, "spec.traits[0].kind");

    let plane = json!({"clusterAgent": {"clientCA": {}}});
    let problems = create("ClusterDataPlane", plane.clone()).unwrap_err();
    assert_eq!(problems.to_string(), "spec.planeID: is required");
    assert!(create("DataPlane", plane).is_ok());
}

#[test]
fn runs_act_as_the_account_of_the_platform() {
    let template = json!({"runTemplate": {"spec": {"serviceAccountName": "admin"}}});
    let workflow = create("Workflow", template).unwrap();
    assert_eq!(
        spec(&workflow)["runTemplate"]["spec"]["serviceAccountName"],
        "workflow-sa"
    );
    assert_eq!(
        workflow
            .envelope()
            .spec::<Workflow>()
            .unwrap()
            .workflow_plane_ref
            .name,
        "default"
    );
}

#[test]
fn problems_are_bounded() {
    let many: serde_json::Map<String, Value> = (0..1000)
        .map(|index| (format!("field{index}"), Value::Null))
        .collect();
    let problems = create("Environment", Value::Object(many)).unwrap_err();
    assert_eq!(problems.iter().count(), 100);
}

#[test]
fn objects_lie_where_readers_look() {
    let owner = json!({"projectName": "shop", "componentName": "cart"});
    let binding = create(
        "ReleaseBinding",
        json!({"owner": owner, "environment": "dev"}),
    )
    .unwrap();
    for index in [
        ReleaseBinding::of_component("default", "shop", "cart"),
        ReleaseBinding::of_project("default", "shop"),
        ReleaseBinding::of_project_in("default", "shop", "dev"),
        ReleaseBinding::of_environment("default", "dev"),
        IndexKey::all(KindName::ReleaseBinding, Some("default")),
    ] {
        assert!(binding.facts().indexes.contains(&index), "{index}");
    }
    let component = create(
        "Component",
        json!({
            "owner": {"projectName": "shop"},
            "componentType": {"kind": "ClusterComponentType", "name": "deployment/service"},
        }),
    )
    .unwrap();
    let typed: Component = component.envelope().spec().unwrap();
    let key = typed.component_type.key("default");
    assert_eq!(key.to_string(), "ClusterComponentType service");
    assert!(
        component
            .facts()
            .indexes
            .contains(&Component::of_type(&key))
    );
    let plane = create("DataPlane", json!({"clusterAgent": {"clientCA": {}}})).unwrap();
    assert!(plane.facts().indexes.contains(&DataPlane::of_link("x")));
}

#[test]
fn exports_hold_no_times() {
    let status = json!({
        "conditions": [{
            "type": "WorkflowSucceeded", "status": "True", "reason": "WorkflowSucceeded",
            "message": "", "lastTransitionTime": "2026-01-02T03:04:05Z",
        }],
        "completedAt": "2026-01-02T03:04:05Z",
    });
    let status = serde_json::from_value(status).unwrap();
    assert_eq!(
        WorkflowRun::exports(&status),
        json!({"outcome": "Succeeded"})
    );
    let agents = json!({
        "agentConnection": {
            "connected": true, "connectedAgents": 1, "lastHeartbeatTime": "2026-01-02T03:04:05Z",
        },
    });
    let agents = serde_json::from_value(agents).unwrap();
    assert_eq!(DataPlane::exports(&agents), json!({"connected": true}));
}

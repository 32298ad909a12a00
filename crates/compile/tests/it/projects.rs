//! Cells.

use serde_json::json;

use compile::{
    Compiler,
    context::{DataPlaneContext, EnvironmentContext},
    project::Snapshot,
};
use model::kinds::{ProjectRelease, ProjectReleaseBinding};

fn snapshot(template: serde_json::Value) -> Snapshot {
    let release: ProjectRelease = serde_json::from_value(json!({
        "owner": {"projectName": "shop"},
        "projectType": {"kind": "ClusterProjectType", "name": "default", "spec": {"resources": [template]}},
    }))
    .unwrap();
    Snapshot {
        namespace: "default".to_owned(),
        project_name: "shop".to_owned(),
        project_uid: "p".to_owned(),
        binding_name: "shop-development".to_owned(),
        release,
        binding: ProjectReleaseBinding::default(),
        annotations: indexmap::IndexMap::new(),
        environment: EnvironmentContext {
            name: "development".to_owned(),
            uid: "e".to_owned(),
            spec: Default::default(),
        },
        data_plane: DataPlaneContext {
            name: "default".to_owned(),
            uid: "d".to_owned(),
            spec: Default::default(),
            annotations: indexmap::IndexMap::new(),
        },
        unit: "projectreleasebinding.default.shop-development"
            .parse()
            .unwrap(),
    }
}

#[test]
fn a_cell_is_its_namespace() {
    let template = json!({"id": "namespace", "template": {
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "${metadata.namespace}", "labels": "${metadata.labels}"},
    }});
    let compiled = Compiler::new().project(&snapshot(template)).unwrap();
    let object = &compiled.bundle.parse().objects[0].object;
    assert_eq!(object["metadata"]["name"], compiled.namespace);
    assert_eq!(
        object["metadata"]["labels"]["openchoreo.dev/environment"],
        "development"
    );
}

#[test]
fn a_cell_without_its_namespace_is_refused() {
    let template = json!({"id": "x", "template": {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"},
    }});
    let refused = Compiler::new().project(&snapshot(template)).unwrap_err();
    assert_eq!(refused.reason(), "NamespaceMissing");
}

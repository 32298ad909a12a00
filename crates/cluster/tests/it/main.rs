//! The adapter on a real API server.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod calls;
mod election;
mod records;
mod watches;

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};

use cluster::{Access, Cluster, Fence, ObjectId, Settings};
use testkit::kube::ApiServer;

const DEADLINE: Duration = Duration::from_secs(20);

/// A connection, and a namespace that no other test has.
async fn site() -> (Cluster, String) {
    let cluster = connect(Fence::open()).await;
    let name = ApiServer::shared().fresh_namespace();
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    cluster.create(&namespace).await.unwrap();
    (cluster, name)
}

async fn connect(fence: Fence) -> Cluster {
    let path = ApiServer::shared().kubeconfig().to_owned();
    let settings = Settings {
        fence,
        ..Settings::default()
    };
    Cluster::connect(&access(path), settings).await.unwrap()
}

fn access(path: PathBuf) -> Access {
    Access::Kubeconfig {
        path,
        context: String::new(),
    }
}

fn config_map(namespace: &str, name: &str, value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": {"value": value},
        "metadata": {"name": name, "namespace": namespace, "labels": {"quintet.dev/unit": "x"}},
    })
}

fn id(object: &Value) -> ObjectId {
    ObjectId::of(object).unwrap()
}

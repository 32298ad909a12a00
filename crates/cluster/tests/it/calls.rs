use std::time::{Duration, Instant};

use serde_json::json;

use cluster::{ApiKind, Cluster, Deleted, Error, Force, Precondition, Secrets, Settings};
use model::{Code, Coded};
use testkit::kube::ApiServer;

use crate::{access, config_map, id, site};

#[tokio::test]
async fn a_field_of_another_manager_is_taken_over_by_force_only() {
    let (cluster, namespace) = site().await;
    let folder = testkit::tempdir();
    let file = folder.path().join("theirs.json");
    std::fs::write(&file, config_map(&namespace, "a", "theirs").to_string()).unwrap();
    let arguments = [
        "apply",
        "--server-side",
        "--field-manager=theirs",
        "-f",
        file.to_str().unwrap(),
    ];
    ApiServer::shared().kubectl(&arguments);

    let ours = config_map(&namespace, "a", "ours");
    let error = cluster.apply(&ours, Force::No).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("ConfigMap {namespace}/a is also managed by theirs (.data.value)")
    );
    assert_eq!(error.code(), Code::Conflict);
    let applied = cluster.apply(&ours, Force::Yes).await.unwrap();
    assert_eq!(applied["data"]["value"], "ours");
}

#[tokio::test]
async fn a_deletion_insists_on_life_and_version() {
    let (cluster, namespace) = site().await;
    let object = config_map(&namespace, "a", "1");
    let made = cluster.create(&object).await.unwrap();
    let text = |name: &str| made["metadata"][name].as_str().unwrap().to_owned();
    cluster
        .apply(&config_map(&namespace, "a", "2"), Force::Yes)
        .await
        .unwrap();
    let wrong = [
        Precondition {
            uid: "another".into(),
            resource_version: String::new(),
        },
        Precondition {
            uid: text("uid"),
            resource_version: text("resourceVersion"),
        },
    ];
    for precondition in wrong {
        let error = cluster
            .delete(&id(&object), &precondition)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Conflict { .. }), "{error}");
    }
    let right = Precondition {
        uid: text("uid"),
        resource_version: String::new(),
    };
    assert_eq!(
        cluster.delete(&id(&object), &right).await.unwrap(),
        Deleted::Accepted
    );
    assert_eq!(
        cluster.delete(&id(&object), &right).await.unwrap(),
        Deleted::Absent
    );
    assert_eq!(cluster.find(&id(&object)).await.unwrap(), None);
}

#[tokio::test]
async fn errors_say_what_is_wrong_and_where() {
    let (cluster, namespace) = site().await;
    let fails = async |object| cluster.apply(&object, Force::Yes).await.unwrap_err();
    let metadata = json!({"name": "a", "namespace": namespace});

    let error =
        fails(json!({"apiVersion": "x.test/v1", "kind": "Thing", "metadata": metadata})).await;
    assert!(
        error
            .to_string()
            .contains("serves no kind Thing of x.test/v1; install"),
        "{error}"
    );
    let error = fails(
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata,
                             "spec": {"ports": [{"port": 0}]}}),
    )
    .await;
    assert!(error.to_string().contains("spec.ports[0].port"), "{error}");
    assert_eq!(error.code(), Code::Invalid);
    let error = fails(config_map("nowhere-at-all", "a", "1")).await;
    assert!(
        error
            .to_string()
            .contains("namespaces \"nowhere-at-all\" not found"),
        "{error}"
    );
    let error =
        fails(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})).await;
    assert_eq!(
        error.to_string(),
        "the manifest has no text at /metadata/namespace"
    );
    let error = fails(
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata,
                             "data": {"a": "hunter2!"}}),
    )
    .await;
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_kind_that_is_defined_later_is_found() {
    let (cluster, namespace) = site().await;
    let group = format!("{namespace}.calls.test");
    let kind = ApiKind::new(group.clone(), "v1", "Thing");
    assert!(matches!(
        cluster.discover(&kind).await,
        Err(Error::UnknownApi(_))
    ));
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("things.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                          "schema": {"openAPIV3Schema": {"type": "object"}}}],
        },
    });
    let made = cluster.apply(&definition, Force::Yes).await.unwrap();
    testkit::until("the kind is served", crate::DEADLINE, async || {
        // An answer without the kind would stand for some seconds; a look at the definition ends that.
        cluster.find(&id(&definition)).await.unwrap();
        cluster.discover(&kind).await.ok()
    })
    .await;
    let uid = made["metadata"]["uid"].as_str().unwrap().to_owned();
    cluster
        .delete(
            &id(&definition),
            &Precondition {
                uid,
                resource_version: String::new(),
            },
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn a_cluster_that_is_away_is_an_outage_within_the_deadline() {
    let folder = testkit::tempdir();
    let path = folder.path().join("kubeconfig");
    let text = std::fs::read_to_string(ApiServer::shared().kubeconfig()).unwrap();
    let server = text.lines().find(|line| line.contains("server:")).unwrap();
    let away = format!("    server: https://{}", testkit::free_address());
    std::fs::write(&path, text.replace(server, &away)).unwrap();
    let settings = Settings {
        deadline: Duration::from_secs(2),
        ..Settings::default()
    };
    let cluster = Cluster::connect(&access(path), settings).await.unwrap();
    let begun = Instant::now();
    let error = cluster.version().await.unwrap_err();
    assert!(error.is_outage() && error.is_passing(), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_kubeconfig_that_is_not_there_is_named() {
    let error = Cluster::connect(&access("/nowhere/kubeconfig".into()), Settings::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("/nowhere/kubeconfig"), "{error}");
}

#[tokio::test]
async fn secrets_of_the_agent_come_back_as_they_were() {
    let (cluster, namespace) = site().await;
    let secrets = Secrets::new(cluster, namespace);
    assert_eq!(secrets.find("identity").await.unwrap(), None);
    let values = [("seed".to_owned(), vec![0, 255, 7])].into();
    secrets.put("identity", &values).await.unwrap();
    assert_eq!(secrets.find("identity").await.unwrap(), Some(values));
}

#[tokio::test]
async fn lists_come_in_pages_and_requests_are_counted() {
    let (cluster, namespace) = site().await;
    for index in 0..120 {
        cluster
            .create(&config_map(&namespace, &format!("c{index}"), "1"))
            .await
            .unwrap();
    }
    let kind = ApiKind::new("", "v1", "ConfigMap");
    let listed = cluster
        .list(&kind, Some(&namespace), "quintet.dev/unit")
        .await
        .unwrap();
    assert_eq!(listed.len(), 120);
    let counts = cluster.requests().counts();
    let sent = |verb: &str| {
        counts
            .iter()
            .find(|it| it.verb == verb && it.resource == "configmaps")
            .map(|it| it.sent)
    };
    assert_eq!((sent("create"), sent("list")), (Some(120), Some(2)));
}

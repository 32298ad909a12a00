//! Finding pods and following their containers.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cluster::{ApiKind, Cluster, Follow};
use futures::StreamExt;
use jiff::Timestamp;
use kit::tasks::Children;
use model::label;
use serde_json::Value;
use tokio::sync::mpsc;

/// One line of a container.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) source: Arc<Source>,
    pub(super) at: Timestamp,
    pub(super) text: String,
}

/// Where lines come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) container: String,
    /// Platform labels of the pod.
    pub(super) labels: BTreeMap<String, String>,
}

type Key = (String, String, String);

/// What is followed now, and up to when each container was read.
#[derive(Debug, Default, Clone)]
struct Followed {
    active: Arc<Mutex<HashSet<Key>>>,
    read: Arc<Mutex<HashMap<Key, Timestamp>>>,
}

/// Looks for pods again and again.
pub(super) async fn run(
    cluster: Cluster,
    lines: mpsc::Sender<Line>,
    children: Children,
    period: Duration,
) {
    let pods = ApiKind::new("", "v1", "Pod");
    let followed = Followed::default();
    loop {
        match cluster.list(&pods, None, label::NAMESPACE).await {
            Ok(found) => {
                for pod in &found {
                    follow_pod(&cluster, pod, &lines, &children, &followed);
                }
                forget_gone(&found, &followed);
            }
            Err(error) => tracing::warn!(%error, "pods cannot be listed"),
        }
        tokio::time::sleep(period).await;
    }
}

fn follow_pod(
    cluster: &Cluster,
    pod: &Value,
    lines: &mpsc::Sender<Line>,
    children: &Children,
    followed: &Followed,
) {
    let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let labels: BTreeMap<String, String> = pod["metadata"]["labels"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.starts_with(label::PREFIX))
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
    for status in statuses.into_iter().flatten() {
        let state = &status["state"];
        let has_logs = state.get("running").is_some() || state.get("terminated").is_some();
        let container = status["name"].as_str().unwrap_or_default().to_owned();
        let key = (text("/metadata/namespace"), text("/metadata/name"), container);
        let terminated_and_read = state.get("terminated").is_some()
            && lock(&followed.read).contains_key(&key);
        if !has_logs || terminated_and_read || !lock(&followed.active).insert(key.clone()) {
            continue;
        }
        let source = Arc::new(Source {
            namespace: key.0.clone(),
            pod: key.1.clone(),
            container: key.2.clone(),
            labels: labels.clone(),
        });
        let work = follow(cluster.clone(), source, lines.clone(), key.clone(), followed.clone());
        if children.try_spawn(work).is_err() {
            // There are too many: it is tried again at the next look.
            lock(&followed.active).remove(&key);
        }
    }
}

async fn follow(
    cluster: Cluster,
    source: Arc<Source>,
    lines: mpsc::Sender<Line>,
    key: Key,
    followed: Followed,
) {
    let since = lock(&followed.read).get(&key).copied();
    let wanted = Follow {
        namespace: source.namespace.clone(),
        pod: source.pod.clone(),
        container: source.container.clone(),
        since,
    };
    match cluster.follow(&wanted).await {
        Ok(mut stream) => {
            lock(&followed.read).entry(key.clone()).or_insert(Timestamp::UNIX_EPOCH);
            while let Some(Ok(line)) = stream.next().await {
                // Lines of the second at which the follow was resumed were read before.
                if since.is_some_and(|since| line.at <= since) {
                    continue;
                }
                lock(&followed.read).insert(key.clone(), line.at);
                let line = Line { source: Arc::clone(&source), at: line.at, text: line.text };
                if lines.send(line).await.is_err() {
                    return;
                }
            }
        }
        Err(error) => tracing::debug!(%error, pod = source.pod, "the logs of a pod cannot be followed"),
    }
    lock(&followed.active).remove(&key);
}

fn forget_gone(pods: &[Value], followed: &Followed) {
    let present: HashSet<(String, String)> = pods
        .iter()
        .map(|pod| {
            let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
            (text("/metadata/namespace"), text("/metadata/name"))
        })
        .collect();
    lock(&followed.read).retain(|key, _| present.contains(&(key.0.clone(), key.1.clone())));
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! What the collector keeps of a pod.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

/// Where a line comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// Namespace of the pod.
    pub namespace: String,
    /// Name of the pod.
    pub pod: String,
    /// Life of the pod.
    pub uid: String,
    /// Name of the container.
    pub container: String,
    /// Labels of the pod that go with every line.
    pub labels: BTreeMap<String, String>,
}

/// A pod, reduced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pod {
    pub(crate) uid: String,
    pub(crate) containers: Vec<Container>,
}

/// A container whose log can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Container {
    pub(crate) source: Arc<Source>,
    pub(crate) restarts: u64,
    pub(crate) running: bool,
}

impl Pod {
    pub(crate) fn of(pod: &Value, prefix: &str) -> Self {
        let metadata = |name: &str| {
            pod["metadata"][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let labels = pod["metadata"]["labels"].as_object().into_iter().flatten();
        let labels: BTreeMap<String, String> = labels
            .filter(|(name, _)| name.starts_with(prefix))
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        let statuses = ["initContainerStatuses", "containerStatuses"].into_iter();
        let statuses = statuses
            .filter_map(|name| pod["status"][name].as_array())
            .flatten();
        let begun =
            statuses.filter(|it| it["state"].get("waiting").is_none() || it["restartCount"] != 0);
        let containers = begun.filter_map(|status| {
            let source = Source {
                namespace: metadata("namespace"),
                pod: metadata("name"),
                uid: metadata("uid"),
                container: status["name"].as_str()?.to_owned(),
                labels: labels.clone(),
            };
            Some(Container {
                source: Arc::new(source),
                restarts: status["restartCount"].as_u64().unwrap_or(0),
                running: status["state"].get("running").is_some(),
            })
        });
        Self {
            uid: metadata("uid"),
            containers: containers.collect(),
        }
    }
}

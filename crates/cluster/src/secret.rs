//! Secrets that belong to the agent itself, such as the identity of its link.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{ApiKind, Cluster, Error, Force, ObjectId, Result};

/// The agent's own Secrets in one namespace.
#[derive(Debug, Clone)]
pub struct Secrets {
    cluster: Cluster,
    namespace: String,
}

impl Secrets {
    /// Secrets in `namespace`.
    #[must_use]
    pub fn new(cluster: Cluster, namespace: impl Into<String>) -> Self {
        Self {
            cluster,
            namespace: namespace.into(),
        }
    }

    /// The values of a Secret, or `None` if there is none.
    ///
    /// # Errors
    /// Those of a call.
    pub async fn find(&self, name: &str) -> Result<Option<BTreeMap<String, Vec<u8>>>> {
        let id = ObjectId {
            kind: Arc::new(ApiKind::new("", "v1", "Secret")),
            namespace: Some(self.namespace.clone()),
            name: name.to_owned(),
        };
        let Some(object) = self.cluster.find(&id).await? else {
            return Ok(None);
        };
        let data = object
            .get("data")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let values = data.map(|(key, value)| {
            let value = STANDARD.decode(value.as_str().unwrap_or_default());
            value
                .map(|value| (key.clone(), value))
                .map_err(|_| Error::answer(&id, "its data is not base64"))
        });
        values.collect::<Result<_>>().map(Some)
    }

    /// Writes a Secret whole.
    ///
    /// # Errors
    /// Those of a call.
    pub async fn put(&self, name: &str, values: &BTreeMap<String, Vec<u8>>) -> Result<()> {
        let data: BTreeMap<&String, String> = values
            .iter()
            .map(|(key, value)| (key, STANDARD.encode(value)))
            .collect();
        let object = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": self.namespace},
            "type": "Opaque",
            "data": data,
        });
        self.cluster.apply(&object, Force::Yes).await.map(|_| ())
    }
}

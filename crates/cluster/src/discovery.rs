//! Which resource and scope a kind has: asked once per group and version, and again when a kind is not among them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kube::{
    Client,
    core::{ApiResource, DynamicObject, Resource},
};
use tokio::time::Instant;

use crate::{ApiKind, Error, ObjectId, Result, error::classify};

/// How a cluster serves a kind.
#[derive(Debug, Clone)]
pub struct Api {
    pub(crate) resource: ApiResource,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

impl Api {
    /// Path of the objects of a namespace, or of all of them.
    pub(crate) fn collection(&self, namespace: Option<&str>) -> String {
        DynamicObject::url_path(&self.resource, namespace.filter(|_| self.namespaced))
    }

    /// Path of the collection that holds `id`.
    pub(crate) fn collection_of(&self, id: &ObjectId) -> Result<String> {
        if self.namespaced && id.namespace.is_none() {
            return Err(Error::Malformed {
                path: "/metadata/namespace",
            });
        }
        Ok(self.collection(id.namespace.as_deref()))
    }
}

/// How long an answer without the kind stands before the cluster is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(crate) struct Discovery(Mutex<HashMap<GroupVersion, Known>>);

type GroupVersion = (String, String);

struct Known {
    asked: Instant,
    kinds: Arc<HashMap<String, Api>>,
}

impl Discovery {
    pub(crate) async fn find(&self, client: &Client, kind: &ApiKind) -> Result<Api> {
        let key = (kind.group.clone(), kind.version.clone());
        if let Some(known) = self.lock().get(&key) {
            if let Some(api) = known.kinds.get(&kind.kind) {
                return Ok(api.clone());
            }
            if known.asked.elapsed() < ASK_AGAIN {
                return Err(Error::UnknownApi(kind.clone()));
            }
        }
        let kinds = Arc::new(ask(client, kind).await?);
        self.lock().insert(
            key,
            Known {
                asked: Instant::now(),
                kinds: kinds.clone(),
            },
        );
        kinds
            .get(&kind.kind)
            .cloned()
            .ok_or_else(|| Error::UnknownApi(kind.clone()))
    }

    /// Lets the next look-up of the kind ask the cluster: it has just said that the resource is not there, or its
    /// definition has just been written.
    pub(crate) fn forget(&self, group: &str) {
        self.lock().retain(|(known, _), _| known != group);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<GroupVersion, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(client: &Client, kind: &ApiKind) -> Result<HashMap<String, Api>> {
    let api_version = kind.api_version();
    let answer = if kind.group.is_empty() {
        client.list_core_api_resources(&kind.version).await
    } else {
        client.list_api_group_resources(&api_version).await
    };
    let list = match answer.map_err(|error| classify(&api_version, false, error)) {
        Ok(list) => list,
        Err(Error::NotFound { .. }) => return Ok(HashMap::new()),
        Err(error) => return Err(error),
    };
    let resources = list
        .resources
        .into_iter()
        .filter(|it| !it.name.contains('/'));
    let known = resources.map(|it| {
        let resource = ApiResource {
            group: kind.group.clone(),
            version: kind.version.clone(),
            api_version: api_version.clone(),
            kind: it.kind.clone(),
            plural: it.name,
        };
        (
            it.kind,
            Api {
                resource,
                namespaced: it.namespaced,
            },
        )
    });
    Ok(known.collect())
}

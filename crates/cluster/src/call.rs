//! Reading and writing single objects.

use kube::{
    api::{DeleteParams, GetParams, ListParams, Patch, PatchParams, PostParams, Preconditions},
    core::Request,
};
use serde_json::Value;

use model::label::MANAGER;

use crate::{ApiKind, Cluster, Error, ObjectId, Result, error::about, error::classify};

/// Whether an apply takes fields over that other managers own with other values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// Such a field is an [`Error::FieldConflict`].
    No,
    /// Such fields become ours: the object is ours and somebody has changed it.
    Yes,
}

/// What a deletion insists on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Precondition {
    /// The life of the object.
    pub uid: String,
    /// Its version, so that a change since it was looked at prevents the deletion; empty for any.
    pub resource_version: String,
}

/// What became of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// The server has begun or finished it.
    Accepted,
    /// There was nothing to delete: no such object, or its API is gone.
    Absent,
}

const PAGE: u32 = 100;

impl Cluster {
    /// Applies an object (server-side apply, manager `quintet`) and gives it as the server has it now.
    ///
    /// # Errors
    /// Those of a call; [`Error::FieldConflict`] only without force.
    pub async fn apply(&self, object: &Value, force: Force) -> Result<Value> {
        let params = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            force: force == Force::Yes,
            ..PatchParams::default()
        };
        let id = ObjectId::of(object)?;
        let result = self
            .write(&id, |url| {
                Request::new(url).patch(&id.name, &params, &Patch::Apply(object))
            })
            .await?;
        self.heed_definition(&result);
        Ok(result)
    }

    /// Creates an object that must not exist yet.
    ///
    /// # Errors
    /// [`Error::Exists`], or those of a call.
    pub async fn create(&self, object: &Value) -> Result<Value> {
        let id = ObjectId::of(object)?;
        let body = object.to_string().into_bytes();
        self.write(&id, |url| Request::new(url).create(&by_us(), body))
            .await
    }

    /// Replaces an object, if it still has the `metadata.resourceVersion` of `object`.
    ///
    /// # Errors
    /// [`Error::Conflict`] when it has moved on, or those of a call.
    pub async fn replace(&self, object: &Value) -> Result<Value> {
        let id = ObjectId::of(object)?;
        let body = object.to_string().into_bytes();
        self.write(&id, |url| {
            Request::new(url).replace(&id.name, &by_us(), body)
        })
        .await
    }

    /// Merges `patch` into an object (JSON merge patch).
    ///
    /// # Errors
    /// Those of a call.
    pub async fn merge(&self, id: &ObjectId, patch: &Value) -> Result<Value> {
        let params = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        self.write(id, |url| {
            Request::new(url).patch(&id.name, &params, &Patch::Merge(patch))
        })
        .await
    }

    /// Deletes an object in the background, dependents included.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the precondition does not hold, or those of a call.
    pub async fn delete(&self, id: &ObjectId, precondition: &Precondition) -> Result<Deleted> {
        let resource_version =
            Some(precondition.resource_version.clone()).filter(|it| !it.is_empty());
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                uid: Some(precondition.uid.clone()),
                resource_version,
            }),
            ..DeleteParams::background()
        };
        match self
            .write(id, |url| Request::new(url).delete(&id.name, &params))
            .await
        {
            Ok(_) => Ok(Deleted::Accepted),
            Err(Error::NotFound { .. } | Error::UnknownApi(_)) => Ok(Deleted::Absent),
            Err(error) => Err(error),
        }
    }

    /// An object, or `None` if there is none or its kind is not served.
    ///
    /// # Errors
    /// Those of a call.
    pub async fn find(&self, id: &ObjectId) -> Result<Option<Value>> {
        let params = GetParams::default();
        match self
            .call(id, |url| Request::new(url).get(&id.name, &params))
            .await
        {
            Ok(object) => {
                self.heed_definition(&object);
                Ok(Some(object))
            }
            Err(Error::NotFound { .. } | Error::UnknownApi(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The objects of a kind and namespace that carry labels, all pages of them.
    ///
    /// # Errors
    /// Those of a call.
    pub async fn list(
        &self,
        kind: &ApiKind,
        namespace: Option<&str>,
        labels: &str,
    ) -> Result<Vec<Value>> {
        let api = self.discover(kind).await?;
        let url = api.collection(namespace);
        let mut params = ListParams {
            limit: Some(PAGE),
            ..ListParams::default()
        };
        params.label_selector = Some(labels.to_owned()).filter(|it| !it.is_empty());
        let mut objects = Vec::new();
        loop {
            let request = Request::new(url.clone()).list(&params);
            let mut page = self
                .send(&kind.to_string(), kind.kind == "Secret", request)
                .await?;
            if let Some(Value::Array(items)) = page.get_mut("items").map(Value::take) {
                objects.extend(items.into_iter().map(|item| typed(item, kind)));
            }
            match page.pointer("/metadata/continue").and_then(Value::as_str) {
                Some(token) if !token.is_empty() => params.continue_token = Some(token.to_owned()),
                _ => return Ok(objects),
            }
        }
    }

    /// What was known of a group may have changed once a definition in it was written or is established.
    fn heed_definition(&self, object: &Value) {
        if object["kind"] == "CustomResourceDefinition"
            && let Some(group) = object.pointer("/spec/group").and_then(Value::as_str)
        {
            self.0.discovery.forget(group);
        }
    }

    /// Sends one write, unless this replica must not.
    async fn write(
        &self,
        id: &ObjectId,
        request: impl FnOnce(String) -> Result<http::Request<Vec<u8>>, kube::core::request::Error>,
    ) -> Result<Value> {
        self.check_fence()?;
        self.call(id, request).await
    }

    async fn call(
        &self,
        id: &ObjectId,
        request: impl FnOnce(String) -> Result<http::Request<Vec<u8>>, kube::core::request::Error>,
    ) -> Result<Value> {
        let api = self.discover(&id.kind).await?;
        let request = request(api.collection_of(id)?)
            .map_err(|error| about(id, kube::Error::BuildRequest(error)))?;
        let what = id.to_string();
        let call = async {
            let text = self
                .0
                .client
                .request_text(request)
                .await
                .map_err(|error| about(id, error))?;
            serde_json::from_str(&text).map_err(|error| Error::answer(&what, error))
        };
        self.in_time(&what, call).await
    }

    async fn send(
        &self,
        what: &str,
        secret: bool,
        request: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
    ) -> Result<Value> {
        let request =
            request.map_err(|error| classify(what, secret, kube::Error::BuildRequest(error)))?;
        let call = async {
            let text = self.0.client.request_text(request).await;
            let text = text.map_err(|error| classify(what, secret, error))?;
            serde_json::from_str(&text).map_err(|error| Error::answer(what, error))
        };
        self.in_time(what, call).await
    }
}

fn by_us() -> PostParams {
    PostParams {
        field_manager: Some(MANAGER.to_owned()),
        ..PostParams::default()
    }
}

/// Items of a list come without their kind.
fn typed(mut item: Value, kind: &ApiKind) -> Value {
    if let Value::Object(map) = &mut item {
        map.insert("apiVersion".into(), kind.api_version().into());
        map.insert("kind".into(), kind.kind.clone().into());
    }
    item
}

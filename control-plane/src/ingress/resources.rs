//! Objects: read, listed, written, deleted.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use tracing::Instrument;

use authz::{Action, Verb};
use model::{Code, Envelope, KindName, ObjectKey, RawJson, Revision, Stored};
use proto::resources::{
    DeleteRequest, DeleteResponse, GenerateReleaseRequest, GetRequest, ListRequest, ListResponse,
    Object, UpdateRequest, WatchRequest, WriteRequest, resources_server::Resources,
};
use store::{Delete, Expect, Put, StatusWrite};

use super::{Ingress, Visit, adopt_trace, list, release, rendered, status, watch};
use crate::{admit, commit::Exports, policy::is_about_access};

#[tonic::async_trait]
impl Resources for Ingress {
    async fn get(&self, request: Request<GetRequest>) -> Result<Response<Object>, Status> {
        let visit = self.enter(&request).await?;
        let key = key(request.get_ref().key.clone())?;
        let found = if key.kind == KindName::RenderedRelease {
            rendered::find(self.store(), &key).await?
        } else {
            find(self, &key)
                .await?
                .map(|stored| stored.envelope.clone())
        };
        let Some(envelope) = found else {
            return Err(absent(&key));
        };
        visit.require(&Action::on(key.kind, key.scope(), Verb::View), &envelope)?;
        Ok(Response::new(Object::from(&envelope)))
    }

    async fn list(&self, request: Request<ListRequest>) -> Result<Response<ListResponse>, Status> {
        let visit = self.enter(&request).await?;
        list::list(self, &visit, request.get_ref())
            .await
            .map(Response::new)
    }

    async fn create(&self, request: Request<WriteRequest>) -> Result<Response<Object>, Status> {
        let span = tracing::info_span!("create");
        adopt_trace(&span, &request);
        let visit = self.enter(&request).await?;
        let WriteRequest { object, dry_run } = request.into_inner();
        write(self, &visit, envelope(object)?, Expect::Create, dry_run)
            .instrument(span)
            .await
    }

    async fn update(&self, request: Request<UpdateRequest>) -> Result<Response<Object>, Status> {
        let span = tracing::info_span!("update");
        adopt_trace(&span, &request);
        let visit = self.enter(&request).await?;
        let UpdateRequest {
            object,
            dry_run,
            status_only,
        } = request.into_inner();
        let revision = object
            .as_ref()
            .and_then(|object| serde_json::from_str::<model::ObjectMeta>(&object.metadata).ok())
            .and_then(|metadata| metadata.resource_version);
        let envelope = envelope(object)?;
        if status_only {
            return write_status(self, &visit, envelope).instrument(span).await;
        }
        let expect = Expect::Update { revision };
        write(self, &visit, envelope, expect, dry_run)
            .instrument(span)
            .await
    }

    async fn delete(
        &self,
        request: Request<DeleteRequest>,
    ) -> Result<Response<DeleteResponse>, Status> {
        let span = tracing::info_span!("delete");
        adopt_trace(&span, &request);
        let visit = self.enter(&request).await?;
        let key = key(request.get_ref().key.clone())?;
        refuse_projection(&key)?;
        let action = Action::on(key.kind, key.scope(), Verb::Delete);
        let work = async {
            let _turn = turn(self, &key).await;
            let found = find(self, &key).await?.ok_or_else(|| absent(&key))?;
            visit.require(&action, &found.envelope)?;
            refuse_escalation(self, &visit, Some(&found), None).await?;
            let revision = Some(Revision(request.get_ref().revision)).filter(|r| r.0 > 0);
            let delete = Delete {
                key: key.clone(),
                revision,
            };
            let outcome = self
                .store()
                .mark_deleted(delete, self.cause(visit.subject()))
                .await
                .map_err(|error| status(&error))?;
            let gone = matches!(outcome, store::Outcome::Removed(_));
            let object = (!gone).then(|| Object::from(&outcome.object().envelope));
            Ok(Response::new(DeleteResponse { object }))
        };
        work.instrument(span).await
    }

    type WatchStream = watch::EventStream;

    async fn watch(
        &self,
        request: Request<WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let visit = self.enter(&request).await?;
        watch::watch(self, visit, request.into_inner()).map(Response::new)
    }

    async fn generate_release(
        &self,
        request: Request<GenerateReleaseRequest>,
    ) -> Result<Response<Object>, Status> {
        let visit = self.enter(&request).await?;
        let asked = request.get_ref();
        let envelope = release::generate(self.store(), self.now(), asked).await?;
        write(self, &visit, envelope, Expect::Create, false).await
    }
}

/// Decides whether the caller may, admits, and stores.
async fn write(
    ingress: &Ingress,
    visit: &Visit,
    mut envelope: Envelope,
    expect: Expect,
    dry_run: bool,
) -> Result<Response<Object>, Status> {
    let key = envelope.key.clone();
    refuse_projection(&key)?;
    envelope.status = RawJson::null();
    let update = Action::on(key.kind, key.scope(), Verb::Update);
    match expect {
        Expect::Create => {
            let create = Action::on(key.kind, key.scope(), Verb::Create);
            visit.require_create(&create, &envelope)?;
        }
        Expect::Update { .. } | Expect::Upsert => visit.require(&update, &envelope)?,
    }
    let _turn = turn(ingress, &key).await;
    let old = find(ingress, &key).await?;
    match (&old, expect) {
        (Some(_), Expect::Create) => {
            return Err(proto::status::from_code(
                Code::AlreadyExists,
                format!("{key} exists already"),
            ));
        }
        (None, Expect::Update { .. }) => return Err(absent(&key)),
        // Where an object says that it belongs is only believed of what is stored.
        (Some(old), _) => visit.require(&update, &old.envelope)?,
        (None, _) => {}
    }
    if let Some(namespace) = &key.namespace {
        require_namespace(ingress, namespace, old.is_some()).await?;
    }
    let checked = admit::admit(envelope, old.as_deref())
        .map_err(|diagnostics| proto::status::from_diagnostics(&diagnostics))?;
    refuse_escalation(ingress, visit, old.as_deref(), Some(checked.envelope())).await?;
    if dry_run {
        return Ok(Response::new(Object::from(checked.envelope())));
    }
    let outcome = ingress
        .store()
        .put(Put::new(checked, expect), ingress.cause(visit.subject()))
        .await
        .map_err(|error| status(&error))?;
    Ok(Response::new(Object::from(&outcome.object().envelope)))
}

/// Roles and bindings are written one after the other, so that each is judged by what is there.
async fn turn<'a>(
    ingress: &'a Ingress,
    key: &ObjectKey,
) -> Option<tokio::sync::MutexGuard<'a, ()>> {
    match is_about_access(key.kind) {
        true => Some(ingress.policies().writing().await),
        false => None,
    }
}

/// Nobody gives more than they hold.
async fn refuse_escalation(
    ingress: &Ingress,
    visit: &Visit,
    old: Option<&Stored>,
    new: Option<&Envelope>,
) -> Result<(), Status> {
    let old = old.map(|old| &old.envelope);
    if !new
        .or(old)
        .is_some_and(|object| is_about_access(object.key.kind))
    {
        return Ok(());
    }
    let policy = ingress
        .policies()
        .current()
        .await
        .map_err(|error| status(&error))?;
    authz::escalation::check(&policy, visit.subject(), old, new)
        .map_err(|error| proto::status::from_code(Code::Forbidden, error.to_string()))
}

async fn find(ingress: &Ingress, key: &ObjectKey) -> Result<Option<Arc<Stored>>, Status> {
    let found = ingress.store().find(key).await;
    found.map_err(|error| status(&error))
}

/// A namespaced object needs its namespace, and one that is not on its way out.
async fn require_namespace(ingress: &Ingress, name: &str, exists: bool) -> Result<(), Status> {
    let key = ObjectKey::cluster(KindName::Namespace, name);
    match ingress
        .store()
        .find(&key)
        .await
        .map_err(|error| status(&error))?
    {
        Some(found) if found.envelope.metadata.is_deleting() && !exists => {
            Err(proto::status::from_code(
                Code::Conflict,
                format!("namespace {name:?} is being deleted"),
            ))
        }
        Some(_) => Ok(()),
        None => Err(proto::status::from_code(
            Code::NotFound,
            format!("namespace {name:?} does not exist: create it first"),
        )),
    }
}

async fn write_status(
    ingress: &Ingress,
    visit: &Visit,
    envelope: Envelope,
) -> Result<Response<Object>, Status> {
    let key = &envelope.key;
    refuse_projection(key)?;
    let stored = find(ingress, key).await?.ok_or_else(|| absent(key))?;
    visit.require(
        &Action::on(key.kind, key.scope(), Verb::Update),
        &stored.envelope,
    )?;
    let write = StatusWrite {
        exports_digest: envelope.key.kind.visit(Exports(&envelope.status)),
        revision: envelope.metadata.resource_version,
        key: envelope.key,
        status: envelope.status,
    };
    let outcome = ingress
        .store()
        .put_status(write, ingress.cause(visit.subject()))
        .await
        .map_err(|error| status(&error))?;
    Ok(Response::new(Object::from(&outcome.object().envelope)))
}

fn key(key: Option<proto::resources::Key>) -> Result<ObjectKey, Status> {
    key.ok_or_else(|| Status::invalid_argument("key is required"))?
        .try_into()
        .map_err(|error: proto::convert::Error| Status::invalid_argument(error.to_string()))
}

fn envelope(object: Option<Object>) -> Result<Envelope, Status> {
    object
        .ok_or_else(|| Status::invalid_argument("object is required"))?
        .try_into()
        .map_err(|error: proto::convert::Error| Status::invalid_argument(error.to_string()))
}

fn absent(key: &ObjectKey) -> Status {
    proto::status::from_code(Code::NotFound, format!("{key} not found"))
}

/// Rendered releases are read only: they are made from bindings.
fn refuse_projection(key: &ObjectKey) -> Result<(), Status> {
    if key.kind != KindName::RenderedRelease {
        return Ok(());
    }
    Err(proto::status::from_code(
        Code::Invalid,
        "rendered releases are made by the platform: change the binding instead",
    ))
}

//! Objects: read, listed, written, deleted.

use tonic::{Request, Response, Status};
use tracing::Instrument;

use authz::{Action, Decision, Verb};
use model::{Code, Envelope, KindName, ObjectKey, RawJson, Revision, Scope};
use proto::resources::{
    DeleteRequest, DeleteResponse, GenerateReleaseRequest, GetRequest, ListRequest, ListResponse,
    Object, UpdateRequest, WatchRequest, WriteRequest, resources_server::Resources,
};
use store::{Cursor, Delete, Expect, Put, Query, Selector, StatusWrite, Within};

use super::{Ingress, adopt_trace, release, rendered, scope, status, watch};
use crate::{admit, commit::Exports};

/// Largest page that is read from the store at once.
const PAGE: usize = 500;

#[tonic::async_trait]
impl Resources for Ingress {
    async fn get(&self, request: Request<GetRequest>) -> Result<Response<Object>, Status> {
        let subject = self.caller(&request)?;
        let key = key(request.get_ref().key.clone())?;
        let found = if key.kind == KindName::RenderedRelease {
            rendered::find(self.store(), &key).await?
        } else {
            self.store()
                .find(&key)
                .await
                .map_err(|error| status(&error))?
                .map(|stored| stored.envelope.clone())
        };
        let Some(envelope) = found else {
            return Err(absent(&key));
        };
        let action = Action::on(key.kind, key.scope(), Verb::View);
        self.authorize(subject, &action, &scope::of(&envelope))?;
        Ok(Response::new(Object::from(&envelope)))
    }

    async fn list(&self, request: Request<ListRequest>) -> Result<Response<ListResponse>, Status> {
        let subject = self.caller(&request)?;
        let asked = request.get_ref();
        let (kind, kind_scope) = KindName::from_public(&asked.kind)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        let action = Action::on(kind, kind_scope, Verb::View);
        let visible = |envelope: &Envelope| {
            let grants = self.0.authenticator.grants();
            authz::decide(grants, subject, &action, &scope::of(envelope)) == Decision::Allowed
        };
        if kind == KindName::RenderedRelease {
            let all = rendered::list(self.store(), &asked.namespace).await?;
            let objects = all
                .iter()
                .filter(|e| visible(e))
                .map(Object::from)
                .collect();
            let revision = self.store().revision().0;
            return Ok(Response::new(ListResponse {
                objects,
                revision,
                ..ListResponse::default()
            }));
        }
        let wanted = |envelope: &Envelope| matches_fields(envelope, asked) && visible(envelope);
        list(self, kind, kind_scope, asked, wanted)
            .await
            .map(Response::new)
    }

    async fn create(&self, request: Request<WriteRequest>) -> Result<Response<Object>, Status> {
        let span = tracing::info_span!("create");
        adopt_trace(&span, &request);
        let WriteRequest { object, dry_run } = request.get_ref().clone();
        write(self, &request, object, Expect::Create, dry_run)
            .instrument(span)
            .await
    }

    async fn update(&self, request: Request<UpdateRequest>) -> Result<Response<Object>, Status> {
        let span = tracing::info_span!("update");
        adopt_trace(&span, &request);
        let UpdateRequest {
            object,
            dry_run,
            status_only,
        } = request.get_ref().clone();
        if status_only {
            return write_status(self, &request, object).instrument(span).await;
        }
        let revision = object
            .as_ref()
            .and_then(|object| serde_json::from_str::<model::ObjectMeta>(&object.metadata).ok())
            .and_then(|metadata| metadata.resource_version);
        write(self, &request, object, Expect::Update { revision }, dry_run)
            .instrument(span)
            .await
    }

    async fn delete(
        &self,
        request: Request<DeleteRequest>,
    ) -> Result<Response<DeleteResponse>, Status> {
        let span = tracing::info_span!("delete");
        adopt_trace(&span, &request);
        let subject = self.caller(&request)?;
        let key = key(request.get_ref().key.clone())?;
        refuse_projection(&key)?;
        let action = Action::on(key.kind, key.scope(), Verb::Delete);
        let work = async {
            let found = self
                .store()
                .find(&key)
                .await
                .map_err(|error| status(&error))?;
            let Some(found) = found else {
                return Err(absent(&key));
            };
            self.authorize(subject, &action, &scope::of(&found.envelope))?;
            let revision = Some(Revision(request.get_ref().revision)).filter(|r| r.0 > 0);
            let delete = Delete {
                key: key.clone(),
                revision,
            };
            let outcome = self
                .store()
                .mark_deleted(delete, self.cause(subject))
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
        let subject = self.caller(&request)?;
        watch::watch(self, subject, request.get_ref().clone()).map(Response::new)
    }

    async fn generate_release(
        &self,
        request: Request<GenerateReleaseRequest>,
    ) -> Result<Response<Object>, Status> {
        let subject = self.caller(&request)?;
        let asked = request.get_ref();
        let envelope = release::generate(self.store(), self.now(), asked).await?;
        let action = Action::on(KindName::ComponentRelease, Scope::Namespaced, Verb::Create);
        self.authorize(subject, &action, &scope::of(&envelope))?;
        store_new(self, subject, envelope, Expect::Create, false).await
    }
}

async fn list(
    ingress: &Ingress,
    kind: KindName,
    kind_scope: Scope,
    asked: &ListRequest,
    wanted: impl Fn(&Envelope) -> bool,
) -> Result<ListResponse, Status> {
    let within = match (kind_scope, asked.namespace.as_str()) {
        (Scope::Cluster, _) => Within::Cluster,
        (Scope::Namespaced, "") => Within::AllNamespaces,
        (Scope::Namespaced, namespace) => Within::Namespace(namespace.to_owned()),
    };
    let mut query = Query::all(kind, within);
    query.selector = asked
        .label_selector
        .parse::<Selector>()
        .map_err(|error| Status::invalid_argument(format!("labelSelector: {error}")))?;
    if !asked.cursor.is_empty() {
        query.after = Some(
            asked
                .cursor
                .parse::<Cursor>()
                .map_err(|error| status(&error))?,
        );
    }
    let limit = if asked.limit == 0 {
        usize::MAX
    } else {
        asked.limit as usize
    };
    let mut answer = ListResponse::default();
    loop {
        query.limit = limit.saturating_sub(answer.objects.len()).min(PAGE);
        let page = ingress
            .store()
            .list(&query)
            .await
            .map_err(|error| status(&error))?;
        if answer.revision == 0 {
            answer.revision = page.revision.0;
        }
        let kept = page.items.iter().filter(|item| wanted(&item.envelope));
        answer
            .objects
            .extend(kept.map(|item| Object::from(&item.envelope)));
        let Some(next) = page.next else {
            return Ok(answer);
        };
        if answer.objects.len() >= limit {
            answer.next_cursor = next.to_string();
            answer.remaining = page.remaining;
            return Ok(answer);
        }
        query.after = Some(next);
    }
}

/// Whether every field that was asked for has the value that was asked for.
fn matches_fields(envelope: &Envelope, asked: &ListRequest) -> bool {
    if asked.fields.is_empty() {
        return true;
    }
    let document = envelope.to_document();
    asked.fields.iter().all(|(path, value)| {
        let pointer = format!("/{}", path.trim_start_matches('.').replace('.', "/"));
        let found = document
            .pointer(&pointer)
            .map(|found| match found.as_str() {
                Some(text) => text.to_owned(),
                None => found.to_string(),
            });
        found.unwrap_or_default() == *value
    })
}

async fn write<T>(
    ingress: &Ingress,
    request: &Request<T>,
    object: Option<Object>,
    expect: Expect,
    dry_run: bool,
) -> Result<Response<Object>, Status> {
    let subject = ingress.caller(request)?;
    let mut envelope = envelope(object)?;
    refuse_projection(&envelope.key)?;
    envelope.status = RawJson::null();
    let verb = match expect {
        Expect::Create => Verb::Create,
        Expect::Update { .. } | Expect::Upsert => Verb::Update,
    };
    let action = Action::on(envelope.key.kind, envelope.key.scope(), verb);
    ingress.authorize(subject, &action, &scope::of(&envelope))?;
    store_new(ingress, subject, envelope, expect, dry_run).await
}

/// Admits and stores.
async fn store_new(
    ingress: &Ingress,
    subject: &authz::Subject,
    envelope: Envelope,
    expect: Expect,
    dry_run: bool,
) -> Result<Response<Object>, Status> {
    let key = envelope.key.clone();
    let old = ingress
        .store()
        .find(&key)
        .await
        .map_err(|error| status(&error))?;
    match (&old, expect) {
        (Some(_), Expect::Create) => {
            return Err(proto::status::from_code(
                Code::AlreadyExists,
                format!("{key} exists already"),
            ));
        }
        (None, Expect::Update { .. }) => return Err(absent(&key)),
        (Some(_) | None, _) => {}
    }
    if let Some(namespace) = &key.namespace {
        require_namespace(ingress, namespace, old.is_some()).await?;
    }
    let checked = admit::admit(envelope, old.as_deref())
        .map_err(|diagnostics| proto::status::from_diagnostics(&diagnostics))?;
    if dry_run {
        return Ok(Response::new(Object::from(checked.envelope())));
    }
    let outcome = ingress
        .store()
        .put(Put::new(checked, expect), ingress.cause(subject))
        .await
        .map_err(|error| status(&error))?;
    Ok(Response::new(Object::from(&outcome.object().envelope)))
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

async fn write_status<T>(
    ingress: &Ingress,
    request: &Request<T>,
    object: Option<Object>,
) -> Result<Response<Object>, Status> {
    let subject = ingress.caller(request)?;
    let envelope = envelope(object)?;
    refuse_projection(&envelope.key)?;
    let action = Action::on(envelope.key.kind, envelope.key.scope(), Verb::Update);
    ingress.authorize(subject, &action, &scope::of(&envelope))?;
    let write = StatusWrite {
        exports_digest: envelope.key.kind.visit(Exports(&envelope.status)),
        revision: envelope.metadata.resource_version,
        key: envelope.key,
        status: envelope.status,
    };
    let outcome = ingress
        .store()
        .put_status(write, ingress.cause(subject))
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

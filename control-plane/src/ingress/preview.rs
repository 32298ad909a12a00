//! Previews: what drafts would do to all that runs, before they are applied.
//!
//! Beside step 6: the store's objects with and without the drafts go to `preview::compare`, the code that
//! the command line compares files with. Nothing is written. A preview is bounded in documents, in what it
//! compiles and in time, few run at once, and they compile apart from decisions, so that they take
//! nothing out of the cache of these.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use authz::{Action, ScopePath, Verb};
use compile::{Compiler, Limits};
use kit::config::HumanDuration;
use model::{Code, Envelope, KindName, Scope};
use preview::{
    compare::{self, Comparison, Question},
    workspace::{Problem, Releases, Source, Subject, Workspace},
};
use proto::preview::{CompareRequest, CompareResponse, Draft, preview_server::Preview};
use store::{Query, Store, Within};

use super::{Ingress, Visit, internal, scope, status};

/// Bytes of compiled bundles that previews remember.
const CACHE: u64 = 16 << 20;

/// What previews may cost.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The most documents of one.
    pub max_documents: usize,
    /// The most components and cells that one compiles.
    pub max_units: usize,
    /// How long one may take.
    pub deadline: HumanDuration,
    /// How many run at once.
    pub at_once: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_documents: 500,
            max_units: 2000,
            deadline: HumanDuration::from_secs(20),
            at_once: 2,
        }
    }
}

/// What previews share.
#[derive(Debug)]
pub(super) struct Previews {
    config: Config,
    compiler: Compiler,
    places: Arc<Semaphore>,
}

impl Previews {
    pub(super) fn new(config: Config) -> Self {
        Self {
            places: Arc::new(Semaphore::new(config.at_once)),
            compiler: Compiler::with_limits(Limits {
                cache_bytes: CACHE,
                ..Limits::default()
            }),
            config,
        }
    }

    /// A place among those that run, once there is one.
    async fn place(&self, until: Instant) -> Result<OwnedSemaphorePermit, Status> {
        let place = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout_at(until.into(), place).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(proto::status::from_code(
                Code::Unavailable,
                "other previews are under way: try again",
            )),
        }
    }
}

#[tonic::async_trait]
impl Preview for Ingress {
    async fn compare(
        &self,
        request: Request<CompareRequest>,
    ) -> Result<Response<CompareResponse>, Status> {
        let visit = self.enter(&request).await?;
        let asked = request.into_inner();
        let previews = &self.0.previews;
        let until = Instant::now() + *previews.config.deadline;
        let most = previews.config.max_documents;
        if asked.drafts.len() > most {
            let message = format!("{} documents are more than {most}", asked.drafts.len());
            return Err(proto::status::from_code(Code::Invalid, message));
        }
        let drafts = drafts(&asked)?;
        self.authorize_drafts(&visit, &drafts).await?;
        let place = previews.place(until).await?;
        let before = workspace(self.store(), &drafts, asked.pinned).await?;
        let compiler = previews.compiler.clone();
        let max_units = previews.config.max_units;
        let may_see = move |unit: &Subject| {
            // What is rendered is seen by whoever sees its binding.
            let action = Action::on(KindName::ReleaseBinding, Scope::Namespaced, Verb::View);
            let attributes = scope::in_environment(&unit.namespace, &unit.environment);
            let decision = visit.decide(&action, &scope_of(unit), &attributes);
            decision.is_allowed()
        };
        // Whoever does not wait for the answer any more ends the work.
        let given_up = CancellationToken::new();
        let _guard = given_up.clone().drop_guard();
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            let environment = Some(asked.environment.as_str()).filter(|name| !name.is_empty());
            let question = Question {
                environment,
                releases: match asked.pinned {
                    true => Releases::Pinned,
                    false => Releases::Current,
                },
                may_see: &may_see,
                most_units: max_units,
                goes_on: &|| Instant::now() < until && !given_up.is_cancelled(),
            };
            compare(&compiler, before, (&drafts, &asked.namespace), &question)
        });
        let comparison = work.await.map_err(|error| internal(&error))??;
        let comparison = serde_json::to_string(&comparison).map_err(|error| internal(&error))?;
        Ok(Response::new(CompareResponse { comparison }))
    }
}

/// A draft that was read.
struct Read {
    source: Source,
    document: Value,
    /// The object; absent if the document is none.
    envelope: Option<Envelope>,
}

fn drafts(asked: &CompareRequest) -> Result<Vec<Read>, Status> {
    let read = |draft: &Draft| {
        let mut document: Value = serde_json::from_str(&draft.document)
            .map_err(|error| Status::invalid_argument(format!("a draft is not JSON: {error}")))?;
        if let Some(map) = document.as_object_mut() {
            // What a server says of an object is not for others to say.
            map.shift_remove("status");
        }
        Ok(Read {
            source: Source {
                file: draft.file.clone(),
                document: draft.number as usize,
            },
            envelope: Envelope::from_document(&document, Some(&asked.namespace)).ok(),
            document,
        })
    };
    asked.drafts.iter().map(read).collect()
}

fn scope_of(unit: &Subject) -> ScopePath {
    ScopePath {
        namespace: unit.namespace.clone(),
        project: unit.project.clone(),
        component: unit.component.clone().unwrap_or_default(),
        resource: String::new(),
    }
}

impl Ingress {
    /// Who previews a change must be allowed to make it.
    async fn authorize_drafts(&self, visit: &Visit, drafts: &[Read]) -> Result<(), Status> {
        for envelope in drafts.iter().filter_map(|draft| draft.envelope.as_ref()) {
            let key = &envelope.key;
            let old = self
                .store()
                .find(key)
                .await
                .map_err(|error| status(&error))?;
            let action = |verb| Action::on(key.kind, key.scope(), verb);
            match old {
                Some(old) => {
                    visit.require(&action(Verb::Update), envelope)?;
                    visit.require(&action(Verb::Update), &old.envelope)?;
                }
                None => visit.require_create(&action(Verb::Create), envelope)?,
            }
        }
        Ok(())
    }
}

/// All that the drafts may concern: the objects of the whole platform, and those of the namespaces that
/// drafts are in. A draft of the whole platform may concern every namespace.
async fn workspace(store: &Store, drafts: &[Read], pinned: bool) -> Result<Workspace, Status> {
    let keys = drafts.iter().filter_map(|draft| draft.envelope.as_ref());
    let namespaces: BTreeSet<_> = keys
        .map(|envelope| envelope.key.namespace.clone())
        .collect();
    let mut workspace = Workspace::default();
    for (kind, scope) in KindName::each_scope() {
        if is_left_out(kind, pinned) {
            continue;
        }
        let places = match scope {
            Scope::Cluster => vec![Within::Cluster],
            Scope::Namespaced if namespaces.contains(&None) => vec![Within::AllNamespaces],
            Scope::Namespaced => {
                let names = namespaces.iter().flatten();
                names.map(|name| Within::Namespace(name.clone())).collect()
            }
        };
        for within in places {
            let page = store.list(&Query::all(kind, within)).await;
            let page = page.map_err(|error| status(&error))?;
            for stored in &page.items {
                if !stored.envelope.metadata.is_deleting() {
                    workspace.put_stored(stored);
                }
            }
        }
    }
    Ok(workspace)
}

/// Kinds that nothing which is compiled here follows from. Releases count only where they are pinned.
fn is_left_out(kind: KindName, pinned: bool) -> bool {
    let is_release = matches!(kind, KindName::ComponentRelease | KindName::ProjectRelease);
    matches!(kind, KindName::RenderedRelease | KindName::WorkflowRun) || is_release && !pinned
}

fn compare(
    compiler: &Compiler,
    before: Workspace,
    (drafts, namespace): (&[Read], &str),
    question: &Question<'_>,
) -> Result<Comparison, Status> {
    let mut after = before.clone();
    let mut refused: Vec<Problem> = Vec::new();
    for draft in drafts {
        let source = Some(draft.source.clone());
        if let Err(problems) = after.put(source, &draft.document, namespace) {
            refused.extend(problems);
        }
    }
    compare::compare(compiler, (&before, &after), refused, question).map_err(|error| {
        let code = match error {
            compare::Error::Environment { .. } => Code::NotFound,
            compare::Error::Units { .. } => Code::Invalid,
            compare::Error::Time => Code::Unavailable,
        };
        proto::status::from_code(code, error.to_string())
    })
}

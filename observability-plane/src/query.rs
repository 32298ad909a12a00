//! Questions over gRPC: what there is, and what comes.

use std::pin::Pin;

use futures::{Stream, StreamExt};
use tokio::sync::broadcast::error::RecvError;
use tonic::{Request, Response, Status};

use model::{Code, Coded};
use proto::query::{LogEntry, LogPage, LogQuery, LogScope, TailRequest, logs_server::Logs};
use telemetry::{Entry, Query, Scope, Store};

use crate::access::{Access, authorization};

/// Lines of an answer when nobody says how many.
const DEFAULT_LIMIT: u32 = 100;
/// Most lines of an answer.
const MAX_LIMIT: u32 = 1000;

/// Answers questions. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Queries {
    store: Store,
    access: Access,
}

impl Queries {
    pub(crate) const fn new(store: Store, access: Access) -> Self {
        Self { store, access }
    }

    /// Answers a question of a caller.
    pub(crate) async fn answer(
        &self,
        authorization: Option<&str>,
        mut query: Query,
    ) -> Result<telemetry::Page, Status> {
        self.access.may_view(authorization, &query.scope).await?;
        query.limit = match query.limit {
            0 => DEFAULT_LIMIT,
            limit => limit.min(MAX_LIMIT),
        };
        self.store
            .query(&query)
            .await
            .map_err(|error| failed(&error))
    }
}

fn failed(error: &telemetry::store::Error) -> Status {
    tracing::error!(error = %kit::chain(error), "logs could not be read");
    proto::status::from_code(
        error.code(),
        "the logs cannot be read: see the log of the observability plane",
    )
}

#[tonic::async_trait]
impl Logs for Queries {
    async fn query(&self, request: Request<LogQuery>) -> Result<Response<LogPage>, Status> {
        let begin = std::time::Instant::now();
        let asked = request.get_ref();
        let query = Query {
            scope: scope(asked.scope.clone()),
            start_ns: asked.start_ms.saturating_mul(1_000_000),
            end_ns: asked.end_ms.saturating_mul(1_000_000),
            limit: asked.limit,
            ascending: asked.ascending,
            levels: asked.levels.clone(),
            phrase: asked.phrase.clone(),
        };
        let page = self
            .answer(authorization(request.metadata()), query)
            .await?;
        Ok(Response::new(LogPage {
            entries: page.entries.into_iter().map(entry).collect(),
            total: page.total,
            took_ms: u32::try_from(begin.elapsed().as_millis()).unwrap_or(u32::MAX),
        }))
    }

    type TailStream = Pin<Box<dyn Stream<Item = Result<LogEntry, Status>> + Send>>;

    async fn tail(
        &self,
        request: Request<TailRequest>,
    ) -> Result<Response<Self::TailStream>, Status> {
        let asked = request.get_ref().clone();
        let wanted = scope(asked.scope);
        // Followed before the past is read, so that no line is missed; lines may come twice at the seam.
        let follow = self.store.follow();
        let query = Query {
            scope: wanted.clone(),
            limit: asked.backlog,
            ..Query::default()
        };
        let mut past = self
            .answer(authorization(request.metadata()), query)
            .await?
            .entries;
        past.reverse();
        let newest = past.last().map_or(i64::MIN, |entry| entry.time_ns);
        let past = futures::stream::iter(past.into_iter().map(|one| Ok(entry(one))));
        let coming = futures::stream::unfold(follow, |mut follow| async move {
            match follow.recv().await {
                Ok(entries) => Some((Ok(entries), follow)),
                Err(RecvError::Lagged(missed)) => {
                    let message = format!("{missed} batches were missed: the reader is too slow");
                    Some((
                        Err(proto::status::from_code(Code::Exhausted, message)),
                        follow,
                    ))
                }
                Err(RecvError::Closed) => None,
            }
        });
        let coming = coming.flat_map(move |batch| {
            let lines: Vec<Result<LogEntry, Status>> = match batch {
                Err(status) => vec![Err(status)],
                Ok(entries) => entries
                    .iter()
                    .filter(|one| wanted.covers(&one.scope) && one.time_ns > newest)
                    .map(|one| Ok(entry(one.clone())))
                    .collect(),
            };
            futures::stream::iter(lines)
        });
        Ok(Response::new(Box::pin(past.chain(coming))))
    }
}

fn scope(asked: Option<LogScope>) -> Scope {
    let asked = asked.unwrap_or_default();
    Scope {
        namespace: asked.namespace,
        project: asked.project,
        component: asked.component,
        environment: asked.environment,
        workflow_run: asked.workflow_run,
        task: asked.task,
    }
}

fn entry(entry: Entry) -> LogEntry {
    LogEntry {
        time_ns: entry.time_ns,
        level: entry.level,
        text: entry.text,
        scope: Some(LogScope {
            namespace: entry.scope.namespace,
            project: entry.scope.project,
            component: entry.scope.component,
            environment: entry.scope.environment,
            workflow_run: entry.scope.workflow_run,
            task: entry.scope.task,
        }),
        pod: entry.pod,
        container: entry.container,
        pod_namespace: entry.pod_namespace,
    }
}

//! Who may ask: the control plane's word, remembered for a short while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tonic::{Request, Status, metadata::MetadataMap, transport::Channel};

use model::Code;
use proto::resources::{CheckRequest, access_client::AccessClient};
use telemetry::Scope;

/// How long an answer is remembered, so that a burst of questions asks once.
const REMEMBERED: Duration = Duration::from_secs(10);
/// Most answers that are remembered.
const MAX: usize = 4096;
/// How long the control plane may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Asks the control plane. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    client: AccessClient<Channel>,
    known: Arc<Mutex<HashMap<model::Digest, Instant>>>,
}

impl Access {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            client: AccessClient::new(channel),
            known: Arc::default(),
        }
    }

    /// Whether the caller may see the logs of this scope.
    pub(crate) async fn may_view(
        &self,
        authorization: Option<&str>,
        scope: &Scope,
    ) -> Result<(), Status> {
        let Some(authorization) = authorization.filter(|value| value.starts_with("Bearer ")) else {
            return Err(proto::status::from_code(
                Code::Unauthenticated,
                "a bearer token is required",
            ));
        };
        let question = [
            authorization,
            &scope.namespace,
            &scope.project,
            &scope.component,
        ]
        .join("\n");
        let key = model::Digest::of(question.as_bytes());
        if self
            .lock()
            .get(&key)
            .is_some_and(|at| at.elapsed() < REMEMBERED)
        {
            return Ok(());
        }
        let mut request = Request::new(CheckRequest {
            action: "logs:view".to_owned(),
            namespace: scope.namespace.clone(),
            project: scope.project.clone(),
            component: scope.component.clone(),
        });
        request.set_timeout(DEADLINE);
        let value = authorization.parse().map_err(|_| {
            proto::status::from_code(Code::Unauthenticated, "the token is not valid")
        })?;
        request.metadata_mut().insert("authorization", value);
        let answer = self.client.clone().check(request).await?.into_inner();
        if !answer.allowed {
            return Err(proto::status::from_code(
                Code::Forbidden,
                format!("logs:view: {}", answer.reason),
            ));
        }
        let mut known = self.lock();
        if known.len() >= MAX {
            known.clear();
        }
        known.insert(key, Instant::now());
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<model::Digest, Instant>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The header in which a token travels.
pub(crate) fn authorization(metadata: &MetadataMap) -> Option<&str> {
    metadata
        .get("authorization")
        .and_then(|value| value.to_str().ok())
}

//! The links to planes, for operators.

use std::time::Duration;

use tonic::{Request, Response, Status};

use authz::Action;
use model::PlaneName;
use proto::resources::{
    CreateJoinTokenRequest, CreateJoinTokenResponse, LinkState, ListLinksRequest,
    ListLinksResponse, RevokeLinkRequest, RevokeLinkResponse, planes_server::Planes,
};

use super::{Ingress, status};

/// A plane that was not heard of for so long is taken to be away.
const AWAY: Duration = Duration::from_secs(45);

fn plane(text: &str) -> Result<PlaneName, Status> {
    text.parse()
        .map_err(|error: model::id::ParseIdError| Status::invalid_argument(error.to_string()))
}

impl Ingress {
    async fn may_manage<T>(&self, request: &Request<T>, action: &str) -> Result<(), Status> {
        let visit = self.enter(request).await?;
        visit.require_everywhere(&Action::named(action))
    }
}

#[tonic::async_trait]
impl Planes for Ingress {
    async fn create_join_token(
        &self,
        request: Request<CreateJoinTokenRequest>,
    ) -> Result<Response<CreateJoinTokenResponse>, Status> {
        self.may_manage(&request, "clusterdataplane:create").await?;
        let asked = request.get_ref();
        let ttl = Some(Duration::from_secs(asked.ttl_seconds.into())).filter(|ttl| !ttl.is_zero());
        let (token, expires_at) = self
            .0
            .registry
            .create_token(plane(&asked.plane)?, ttl)
            .await
            .map_err(|error| status(&error))?;
        Ok(Response::new(CreateJoinTokenResponse {
            token,
            expires_at_ms: expires_at.as_millisecond(),
        }))
    }

    async fn list_links(
        &self,
        request: Request<ListLinksRequest>,
    ) -> Result<Response<ListLinksResponse>, Status> {
        self.may_manage(&request, "clusterdataplane:view").await?;
        let store = self.store();
        let links = store.list_links().await.map_err(|error| status(&error))?;
        let sessions = store
            .list_sessions()
            .await
            .map_err(|error| status(&error))?;
        let now = self.now();
        let mut states = Vec::with_capacity(links.len());
        for link in links {
            let session = sessions.iter().find(|session| session.plane == link.plane);
            let summary = store
                .heads_summary(&link.plane)
                .await
                .map_err(|error| status(&error))?;
            let connected = session.is_some_and(|session| {
                Duration::try_from(now.duration_since(session.seen_at)).unwrap_or_default() < AWAY
            });
            let ahead = session.is_some_and(|session| session.highest > summary.revision);
            states.push(LinkState {
                plane: link.plane.to_string(),
                connected: connected && link.revoked_at.is_none(),
                last_seen_ms: session.map_or(0, |session| session.seen_at.as_millisecond()),
                agent_version: session.map(|s| s.agent.version.clone()).unwrap_or_default(),
                kubernetes_version: session
                    .map(|s| s.agent.kubernetes_version.clone())
                    .unwrap_or_default(),
                epoch: session.map_or(0, |session| session.epoch),
                units: summary.count,
                units_applied: 0,
                revoked: link.revoked_at.is_some(),
                problem: if ahead {
                    "HubBehind".to_owned()
                } else {
                    String::new()
                },
            });
        }
        Ok(Response::new(ListLinksResponse { links: states }))
    }

    async fn revoke_link(
        &self,
        request: Request<RevokeLinkRequest>,
    ) -> Result<Response<RevokeLinkResponse>, Status> {
        self.may_manage(&request, "clusterdataplane:delete").await?;
        let plane = plane(&request.get_ref().plane)?;
        let system = self.0.connections.system.borrow().clone();
        let cut = self
            .0
            .registry
            .revoke(&plane, system.as_ref())
            .await
            .map_err(|error| status(&error))?;
        Ok(Response::new(RevokeLinkResponse { cut }))
    }
}

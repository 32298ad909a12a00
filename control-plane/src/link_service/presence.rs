//! Shows on the objects of planes whether their agent is there.
//!
//! Sessions change with every sign of life and objects only with a transition, so that a quiet platform writes nothing.
//! What this writes may be lost to a decision made at the same moment; the next look mends it.

use std::collections::BTreeMap;
use std::sync::Arc;

use kit::Outcome;
use model::{
    PlaneName, RawJson, Stored, canonical,
    kinds::{DataPlane, ObservabilityPlane, WorkflowPlane, plane::AgentConnection},
};
use store::{
    Cause, Error, StatusWrite,
    list::{Query, Within},
};

use super::Service;
use crate::{
    decide::plane::{Plane, link_of},
    world::Object,
};

/// What is known of the agents of each plane that ever had one.
type Agents = BTreeMap<PlaneName, AgentConnection>;

impl Service {
    /// Writes what has changed since the last look.
    pub(crate) async fn show_presence(&self) -> Result<Outcome, Error> {
        let agents = self.agents().await?;
        let mut written = 0;
        written += self.show::<DataPlane>(&agents).await?;
        written += self.show::<WorkflowPlane>(&agents).await?;
        written += self.show::<ObservabilityPlane>(&agents).await?;
        Ok(if written > 0 {
            Outcome::Done
        } else {
            Outcome::Idle
        })
    }

    async fn agents(&self) -> Result<Agents, Error> {
        let now = self.clock.now();
        let links = self.store.list_links().await?;
        let revoked = |plane: &PlaneName| {
            links
                .iter()
                .any(|link| link.plane == *plane && link.revoked_at.is_some())
        };
        let sessions = self.store.list_sessions().await?;
        let agents = sessions.into_iter().map(|session| {
            let (away, revoked) = (self.is_away(&session, now), revoked(&session.plane));
            let message = match (revoked, away) {
                (true, _) => "the link was revoked".to_owned(),
                (false, true) => "the agent has not been heard of".to_owned(),
                (false, false) => format!("agent {} is connected", session.agent.version),
            };
            let connected = !away && !revoked;
            let connection = AgentConnection {
                connected,
                connected_agents: u32::from(connected),
                last_connected_time: Some(session.started_at),
                last_disconnected_time: (!connected).then_some(session.seen_at),
                last_heartbeat_time: Some(session.seen_at),
                message: Some(message),
            };
            (session.plane, connection)
        });
        Ok(agents.collect())
    }

    async fn show<K: Plane>(&self, agents: &Agents) -> Result<usize, Error> {
        let mut written = 0;
        for within in [Within::Cluster, Within::AllNamespaces] {
            let page = self.store.list(&Query::all(K::NAME, within)).await?;
            for stored in &page.items {
                written += usize::from(self.show_one::<K>(stored, agents).await?);
            }
        }
        Ok(written)
    }

    async fn show_one<K: Plane>(
        &self,
        stored: &Arc<Stored>,
        agents: &Agents,
    ) -> Result<bool, Error> {
        let object = match Object::<K>::decode(stored) {
            Ok(object) => object,
            Err(error) => {
                tracing::warn!(error = %kit::chain(&error), "a plane's object cannot be read");
                return Ok(false);
            }
        };
        let Some(now) = agents.get(&link_of(&object)) else {
            return Ok(false);
        };
        let shown = object.status.agent_connection.as_ref();
        if shown.is_some_and(|shown| shown.connected == now.connected) {
            return Ok(false);
        }
        let mut next = now.clone();
        next.last_disconnected_time = next
            .last_disconnected_time
            .or(shown.and_then(|shown| shown.last_disconnected_time));
        let mut status = object.status.clone();
        status.agent_connection = Some(next);
        let write = StatusWrite {
            key: object.key().clone(),
            status: RawJson::of(&status),
            exports_digest: canonical::digest(&K::exports(&status)),
            revision: object.stored.envelope.metadata.resource_version,
        };
        let cause = Cause {
            actor: "system:presence".to_owned(),
            at: self.clock.now(),
            ..Cause::default()
        };
        match self.store.put_status(write, cause).await {
            Ok(_) => {
                tracing::info!(
                    object = %object.key(), plane.connected = now.connected, "a plane's agent has come or gone"
                );
                Ok(true)
            }
            // The next look reads it again.
            Err(Error::NotFound(_) | Error::Moved { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

//! One session: first words, heartbeats, hints, reports, until the connection or the epoch ends.

use std::collections::HashMap;
use std::time::Duration;

use bus::{Bus, Incoming, subject, subject::Verb};
use kit::Shutdown;
use model::{Digest, UnitRevision};
use proto::link::{
    Heartbeat, HeartbeatAck, Hello, Hint, Reports as ReportsMessage, ReportsAck, Welcome,
    heartbeat_ack::Verdict,
};
use rand::Rng;

use crate::accept::Known;
use crate::identity;
use crate::link::Shared;
use crate::pull::{self, heads_of, open, take, unpack};
use crate::state::Phase;
use crate::trust::{self, Untrusted};

/// Protocol that this version speaks.
const PROTOCOL: u32 = 1;

/// A session ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The bus failed.
    #[error("the bus failed")]
    Bus(#[source] bus::Error),
    /// The connection has ended.
    #[error("the connection has ended")]
    Closed,
    /// Another session of the plane has taken over.
    #[error("another session of this plane has taken over")]
    Fenced,
    /// The hub asks for a new session.
    #[error("the hub does not know this session any more")]
    Unknown,
    /// The hub speaks no protocol that this agent speaks.
    #[error("the hub speaks protocol {0}, this agent speaks {PROTOCOL}")]
    Protocol(u32),
    /// The hub's signature is not trusted.
    #[error("the hub is not trusted")]
    Untrusted(#[source] Untrusted),
    /// The hub's keys cannot be kept.
    #[error("what the hub is cannot be kept")]
    Identity(#[source] identity::Error),
    /// A page cannot be read.
    #[error("a page of heads cannot be read")]
    Page(#[source] prost::DecodeError),
    /// A page is for another plane.
    #[error("a page of heads is for {0}")]
    OtherPlane(String),
    /// A head cannot be read.
    #[error("a head cannot be read")]
    Head(#[source] proto::convert::Error),
    /// The pull does not end.
    #[error("the list of heads does not end")]
    Endless,
    /// A bundle is too large.
    #[error("bundle {digest} is larger than {limit} bytes: raise link.max_bundle")]
    TooLarge {
        /// The bundle.
        digest: Digest,
        /// The bound.
        limit: u64,
    },
    /// A bundle ends too early.
    #[error("bundle {0} ends too early")]
    Truncated(Digest),
    /// A bundle cannot be unpacked.
    #[error("a bundle cannot be unpacked")]
    Unpack(#[source] std::io::Error),
    /// A bundle is not the one that was asked for.
    #[error("what came for bundle {0} is something else")]
    WrongDigest(Digest),
    /// A bundle cannot be read.
    #[error("a bundle cannot be read")]
    Bundle(#[source] serde_json::Error),
}

struct Session<'a> {
    shared: &'a Shared,
    bus: &'a Bus,
    epoch: u64,
    /// The plane has every head up to here.
    complete: UnitRevision,
    /// The hub's store is older than what the plane has seen: nothing is taken from it.
    behind: bool,
}

pub(crate) async fn serve(shared: &Shared, bus: &Bus, shutdown: &Shutdown) -> Result<(), Error> {
    shared.set_phase(Phase::Greeting, "");
    let mut hints = bus.subscribe(subject::hint(&shared.plane), None).await.map_err(Error::Bus)?;
    let welcome = greet(shared, bus).await?;
    let (highest, empty) = {
        let known: &Known = &shared.known();
        (known.highest(), known.is_empty())
    };
    shared.state.send_modify(|state| {
        state.epoch = welcome.epoch;
        state.resync += 1;
    });
    shared.reports.resend();
    let mut session =
        Session { shared, bus, epoch: welcome.epoch, complete: highest, behind: false };
    session.pull(if empty { None } else { Some(highest) }).await?;
    shared.set_phase(Phase::Live, "");
    tracing::info!(plane.name = %shared.plane, session.epoch = welcome.epoch, "the link is live");
    let period = Duration::from_millis(u64::from(welcome.heartbeat_ms.max(100)));
    session.heartbeat().await?;
    let mut beat = Box::pin(tokio::time::sleep(jittered(period)));
    loop {
        tokio::select! {
            () = shutdown.soft() => {
                session.report().await?;
                bus.flush().await;
                return Ok(());
            }
            () = &mut beat => {
                session.heartbeat().await?;
                beat = Box::pin(tokio::time::sleep(jittered(period)));
            }
            hint = hints.next() => session.hint(hint.ok_or(Error::Closed)?).await?,
            () = shared.reports.waiting() => {
                tokio::time::sleep(*shared.config.report_delay).await;
                session.report().await?;
            }
        }
    }
}

fn jittered(period: Duration) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "jitter decides nothing but when to speak")]
    let factor = rand::rng().random_range(0.8..1.2);
    period.mul_f64(factor)
}

async fn greet(shared: &Shared, bus: &Bus) -> Result<Welcome, Error> {
    let trusted = shared.trusted().await;
    let hello = Hello {
        protocol_min: PROTOCOL,
        protocol_max: PROTOCOL,
        agent_version: shared.about.agent_version.clone(),
        kubernetes_version: shared.about.kubernetes_version.clone(),
        cluster_uid: shared.about.cluster_uid.clone(),
        features: shared.about.features.clone(),
        highest: Some(shared.known().highest().into()),
        trusted_keys: trusted.clone(),
    };
    let welcome: Welcome = bus
        .request(
            subject::request(&shared.plane, Verb::Hello),
            &hello,
            None,
            *shared.config.request_timeout,
        )
        .await
        .map_err(Error::Bus)?;
    if welcome.protocol != PROTOCOL {
        return Err(Error::Protocol(welcome.protocol));
    }
    let keys = trust::follow(&trusted, &welcome.keys).map_err(Error::Untrusted)?;
    shared.keep_trust(&welcome.hub, keys).await.map_err(Error::Identity)?;
    Ok(welcome)
}

impl Session<'_> {
    async fn pull(&mut self, since: Option<UnitRevision>) -> Result<(), Error> {
        let up_to = pull::pull(self.shared, self.bus, self.epoch, since).await?;
        self.complete = self.complete.max(up_to);
        Ok(())
    }

    async fn heartbeat(&mut self) -> Result<(), Error> {
        let (hash, highest) = {
            let known = self.shared.known();
            (known.hash(), known.highest())
        };
        let beat = Heartbeat {
            epoch: self.epoch,
            revision: Some(self.complete.max(highest).into()),
            heads_hash: hash,
        };
        let ack: HeartbeatAck = self
            .bus
            .request(
                subject::request(&self.shared.plane, Verb::Heartbeat),
                &beat,
                None,
                *self.shared.config.request_timeout,
            )
            .await
            .map_err(Error::Bus)?;
        self.behind = ack.verdict() == Verdict::HubBehind;
        match ack.verdict() {
            Verdict::Current => {}
            Verdict::Behind => self.pull(Some(self.complete)).await?,
            Verdict::Different => self.pull(None).await?,
            Verdict::HubBehind => {
                let problem = "the hub's store is older than what this plane has seen: restore it";
                self.shared.set_phase(Phase::HubBehind, problem);
                return Ok(());
            }
            Verdict::Fenced => return Err(Error::Fenced),
            Verdict::Unknown | Verdict::Unspecified => return Err(Error::Unknown),
        }
        self.shared.set_phase(Phase::Live, "");
        Ok(())
    }

    async fn hint(&mut self, message: Incoming) -> Result<(), Error> {
        if self.behind {
            return Ok(());
        }
        let hint: Hint = message.decode().map_err(Error::Page)?;
        let previous: UnitRevision = hint.previous.unwrap_or_default().into();
        let revision: UnitRevision = hint.revision.unwrap_or_default().into();
        let Some(signed) = hint.heads.filter(|_| previous <= self.complete) else {
            return self.pull(Some(self.complete)).await;
        };
        let page = open(self.shared, &signed).await?;
        let mut at_hand = HashMap::new();
        for bundle in hint.bundles {
            let digest = proto::convert::digest(&bundle.digest).map_err(Error::Head)?;
            at_hand.insert(digest, unpack(digest, &bundle.data)?);
        }
        let heads = heads_of(self.shared, &page)?;
        take(self.shared, self.bus, self.epoch, heads, &at_hand).await?;
        self.complete = self.complete.max(revision);
        Ok(())
    }

    async fn report(&mut self) -> Result<(), Error> {
        loop {
            let batch = self.shared.reports.batch(self.epoch);
            if batch.is_empty() {
                return Ok(());
            }
            let message = ReportsMessage { epoch: self.epoch, reports: batch.texts.clone() };
            let ack: ReportsAck = self
                .bus
                .request(
                    subject::request(&self.shared.plane, Verb::Report),
                    &message,
                    batch.trace.as_deref(),
                    *self.shared.config.request_timeout,
                )
                .await
                .map_err(Error::Bus)?;
            if ack.fenced {
                return Err(Error::Fenced);
            }
            for report in self.shared.reports.acknowledge(batch) {
                if report.phase == model::UnitPhase::Deleted {
                    self.shared.reports.forget(&report.unit);
                    self.shared.known().settle(&report.unit, report.revision);
                }
            }
        }
    }
}

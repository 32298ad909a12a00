//! One connection: first words, then heartbeats, hints and reports, until the connection ends or another takes over.
//!
//! A request that fails is tried again in the same session; the connection below mends itself. Only what the hub says
//! ends a session: that it does not know it (then first words again), or that another has taken over.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use bus::{Bus, Incoming, State, Subscription, subject, subject::Verb};
use kit::{Backoff, Entropy, Shutdown};
use model::UnitRevision;
use proto::link::{Heartbeat, HeartbeatAck, Hello, Hint, Welcome, heartbeat_ack::Verdict};

use crate::identity;
use crate::link::{Live, Shared};
use crate::pull::{self, Pulled};
use crate::state::Phase;
use crate::trust::{self, Untrusted};
use crate::{fetch, reports};

/// Protocol that this version speaks.
const PROTOCOL: u32 = 1;
/// Delays between attempts at first words, and at heartbeats that were not answered.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(15));
/// Bounds of the period that a hub may ask for.
const PERIOD: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(300));

/// A session ended, or could not begin.
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
}

impl Error {
    /// Whether another session of the plane has taken over.
    pub(crate) const fn is_fenced(&self) -> bool {
        matches!(self, Self::Fenced)
    }
}

/// Serves until the soft shutdown, or until the connection or the plane's turn has ended.
pub(crate) async fn serve(shared: &Shared, bus: &Bus, shutdown: &Shutdown) -> Result<(), Error> {
    let mut hints = bus
        .subscribe(subject::hint(&shared.plane), None)
        .await
        .map_err(Error::Bus)?;
    loop {
        let Some(begun) = shutdown.unless(begin(shared, bus)).await else {
            return Ok(());
        };
        let (session, period) = begun?;
        let mut talk = Talk {
            shared,
            session: session.clone(),
            complete: None,
            behind: None,
        };
        let ended = tokio::select! {
            ended = talk.listen(&mut hints, period) => ended,
            ended = reports::send_all(shared, &session) => ended,
            () = shutdown.soft() => {
                // What the agent put last should not wait for its next start.
                let rest = reports::send_rest(shared, &session);
                let _ = tokio::time::timeout(*shared.config.request_timeout, rest).await;
                bus.flush().await;
                return Ok(());
            }
        };
        shared.live.send_replace(None);
        match ended {
            Err(Error::Unknown) => {
                tracing::warn!(
                    session.epoch,
                    "the hub does not know this session: a new one is begun"
                );
                resync(shared);
            }
            Err(error) => return Err(error),
        }
    }
}

/// The hub may have lost reports: every unit's last one is sent again.
fn resync(shared: &Shared) {
    shared.reports.resend();
    shared.state.send_modify(|state| state.resync += 1);
}

/// First words, until they are answered.
async fn begin(shared: &Shared, bus: &Bus) -> Result<(Live, Duration), Error> {
    shared.set_phase(Phase::Greeting, "");
    let mut delays = AGAIN.delays();
    loop {
        match greet(shared, bus).await {
            Ok(welcome) => {
                let session = Live {
                    bus: bus.clone(),
                    epoch: welcome.epoch,
                };
                let period = Duration::from_millis(u64::from(welcome.heartbeat_ms));
                shared
                    .state
                    .send_modify(|state| state.epoch = welcome.epoch);
                shared.live.send_replace(Some(session.clone()));
                tracing::info!(
                    plane.name = %shared.plane, hub.name = welcome.hub, session.epoch = welcome.epoch,
                    "a session has begun"
                );
                return Ok((session, period.clamp(PERIOD.0, PERIOD.1)));
            }
            Err(error) => {
                let chain = kit::chain(&error);
                let phase = if is_refused(bus) {
                    Phase::Refused
                } else {
                    Phase::Greeting
                };
                tracing::warn!(plane.name = %shared.plane, error = %chain, "the hub gave no welcome");
                shared.set_phase(phase, &chain);
                tokio::time::sleep(delays.next_delay()).await;
            }
        }
    }
}

async fn greet(shared: &Shared, bus: &Bus) -> Result<Welcome, Error> {
    let trusted = shared.trusted();
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
    let to = subject::request(&shared.plane, Verb::Hello);
    let asked = bus.request(to, &hello, None, *shared.config.request_timeout);
    let welcome: Welcome = asked.await.map_err(Error::Bus)?;
    if welcome.protocol != PROTOCOL {
        return Err(Error::Protocol(welcome.protocol));
    }
    let keys = trust::follow(&trusted, &welcome.keys).map_err(Error::Untrusted)?;
    let hub = shared.hub();
    if !hub.is_empty() && hub != welcome.hub {
        tracing::warn!(
            hub.name = welcome.hub,
            "the hub has another name than before, and keys that are trusted"
        );
    }
    shared
        .keep_trust(&welcome.hub, keys)
        .await
        .map_err(Error::Identity)?;
    Ok(welcome)
}

/// Whether the server turns the plane away.
fn is_refused(bus: &Bus) -> bool {
    *bus.state().borrow() == State::Refused
}

/// The hub's side of a session: what it says, and what it is asked.
struct Talk<'a> {
    shared: &'a Shared,
    session: Live,
    /// The plane has every head up to here; `None` until the whole list was pulled.
    complete: Option<UnitRevision>,
    /// The hub has lost heads. Nothing is taken from it until its incarnation is above this one.
    behind: Option<u64>,
}

impl Talk<'_> {
    async fn listen(
        &mut self,
        hints: &mut Subscription,
        period: Duration,
    ) -> Result<Infallible, Error> {
        let (entropy, mut delays) = (Entropy::system(), AGAIN.delays());
        let mut connection = self.session.bus.state();
        loop {
            let wait = match self.beat().await {
                Ok(()) => {
                    delays.reset();
                    entropy.around(period)
                }
                Err(Beat::End(error)) => return Err(error),
                Err(Beat::Failed(problem)) => {
                    self.is_away(&problem);
                    delays.next_delay().min(period)
                }
            };
            let mut beat = Box::pin(tokio::time::sleep(wait));
            loop {
                tokio::select! {
                    () = &mut beat => break,
                    changed = connection.changed() => {
                        changed.map_err(|_| Error::Closed)?;
                        match *connection.borrow_and_update() {
                            // Hints may have been lost: ask at once, but not all planes in the same moment.
                            State::Up => beat = Box::pin(tokio::time::sleep(entropy.below(period / 10))),
                            State::Down => self.is_away("the connection was lost"),
                            State::Refused => self.is_away("the bus turns this plane away: it was revoked"),
                        }
                    }
                    hint = hints.next() => {
                        let complete = self.hint(&hint.ok_or(Error::Closed)?);
                        // What is wrong with the pull, the heartbeat finds and tells.
                        if !complete && self.pull(self.complete).await.is_err() {
                            break;
                        }
                    }
                }
            }
        }
    }

    fn is_away(&self, problem: &str) {
        let phase = if is_refused(&self.session.bus) {
            Phase::Refused
        } else {
            Phase::Offline
        };
        if self.shared.state.borrow().phase != phase {
            tracing::warn!(plane.name = %self.shared.plane, problem, "the hub does not answer");
        }
        self.shared.set_phase(phase, problem);
    }

    /// A heartbeat, and what its verdict asks for.
    async fn beat(&mut self) -> Result<(), Beat> {
        if self.complete.is_none() && self.behind.is_none() {
            self.pull(None).await?;
        }
        let (hash, highest) = {
            let known = self.shared.known();
            (known.hash(), known.highest())
        };
        let beat = Heartbeat {
            epoch: self.session.epoch,
            revision: Some(self.complete.unwrap_or_default().max(highest).into()),
            heads_hash: hash,
        };
        let to = subject::request(&self.shared.plane, Verb::Heartbeat);
        let asked = self
            .session
            .bus
            .request(to, &beat, None, *self.shared.config.request_timeout);
        let ack: HeartbeatAck = asked.await.map_err(|error| Beat::failed(&error))?;
        let incarnation = ack.revision.map_or(0, |revision| revision.incarnation);
        match ack.verdict() {
            Verdict::Fenced => return Err(Beat::End(Error::Fenced)),
            Verdict::Unknown | Verdict::Unspecified => return Err(Beat::End(Error::Unknown)),
            Verdict::HubBehind => self.behind = self.behind.max(Some(highest.incarnation)),
            Verdict::Current | Verdict::Behind | Verdict::Different => {}
        }
        if let Some(lost) = self.behind {
            if incarnation <= lost {
                self.shared.set_phase(Phase::HubBehind, HUB_BEHIND);
                return Ok(());
            }
            tracing::info!(
                incarnation,
                "the hub was restored: its heads are taken again"
            );
            self.behind = None;
            resync(self.shared);
            self.pull(None).await?;
        } else {
            match ack.verdict() {
                Verdict::Behind => self.pull(self.complete).await?,
                Verdict::Different => self.pull(None).await?,
                Verdict::Current
                | Verdict::HubBehind
                | Verdict::Fenced
                | Verdict::Unknown
                | Verdict::Unspecified => {}
            }
        }
        match self.behind {
            None => self.shared.set_phase(Phase::Live, ""),
            Some(_) => self.shared.set_phase(Phase::HubBehind, HUB_BEHIND),
        }
        Ok(())
    }

    async fn pull(&mut self, since: Option<UnitRevision>) -> Result<(), Beat> {
        let pulled = pull::pull(self.shared, &self.session, since).await;
        let Pulled { up_to, lost } = pulled.map_err(|error| Beat::failed(&error))?;
        self.complete = self.complete.max(Some(up_to));
        if lost {
            self.behind = Some(self.shared.known().highest().incarnation);
        }
        Ok(())
    }

    /// Takes in what a hint carries; `false` when the hub must be asked.
    fn hint(&mut self, message: &Incoming) -> bool {
        if self.behind.is_some() {
            return true;
        }
        match self.take_hint(message) {
            Ok(complete) => complete,
            Err(error) => {
                tracing::warn!(error = %kit::chain(&error), "a hint is of no use");
                false
            }
        }
    }

    fn take_hint(&mut self, message: &Incoming) -> Result<bool, pull::Error> {
        let hint: Hint = message.decode().map_err(pull::Error::Page)?;
        let previous: UnitRevision = hint.previous.unwrap_or_default().into();
        let Some(signed) = hint
            .heads
            .filter(|_| self.complete.is_some_and(|own| previous <= own))
        else {
            let revision: UnitRevision = hint.revision.unwrap_or_default().into();
            return Ok(self.complete.is_some_and(|own| revision <= own));
        };
        let page = pull::open(self.shared, &signed)?;
        let mut at_hand = HashMap::new();
        for bundle in hint.bundles {
            let digest = proto::convert::digest(&bundle.digest).map_err(pull::Error::Head)?;
            match fetch::unpack(self.shared, digest, &bundle.data) {
                Ok(bundle) => drop(at_hand.insert(digest, bundle)),
                // It is fetched by its digest instead, and refused there if it must be.
                Err(error) => {
                    tracing::warn!(error = %kit::chain(&error), "a bundle in a hint is of no use")
                }
            }
        }
        // Signed, unlike the rest of the hint.
        let up_to = page.up_to;
        pull::take(self.shared, page, &at_hand);
        self.complete = self.complete.max(Some(up_to));
        self.shared.set_phase(Phase::Live, "");
        Ok(true)
    }
}

/// What is shown while the hub is behind.
const HUB_BEHIND: &str = "the hub's store is older than what this plane has seen: restore the hub, then raise its incarnation";

/// A heartbeat came to nothing.
enum Beat {
    /// The session is over.
    End(Error),
    /// It is tried again.
    Failed(String),
}

impl Beat {
    fn failed(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Failed(kit::chain(error))
    }
}

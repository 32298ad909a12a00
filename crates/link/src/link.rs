//! The life of a link: identity, connection, session after session.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::{Bus, Login, subject};
use kit::config::ExposeSecret;
use kit::{Shutdown, TaskSpec, Tasks};
use model::{Digest, Head, PlaneName};
use nkeys::KeyPair;
use tokio::sync::watch;

use crate::accept::Known;
use crate::config::Config;
use crate::feed::Feed;
use crate::identity::{self, FileIdentity, Identity, IdentityStore};
use crate::inbox::{self, Inbox};
use crate::reports::Reports;
use crate::session;
use crate::state::{Phase, State};

/// What a plane says of itself in its first words.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Version of the agent.
    pub agent_version: String,
    /// Version of its cluster; empty without one.
    pub kubernetes_version: String,
    /// UID of the namespace `kube-system`; empty without a cluster.
    pub cluster_uid: String,
    /// Features of bundles that the agent understands.
    pub features: Vec<String>,
}

/// A link cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plane's name is not valid.
    #[error("link.plane is not the name of a plane")]
    Plane(#[source] model::id::ParseIdError),
    /// The identity cannot be loaded or kept.
    #[error("the identity of the plane cannot be used")]
    Identity(#[source] identity::Error),
    /// The join token cannot be read.
    #[error("the join token cannot be read")]
    Token(#[source] kit::config::UnreadableSecret),
}

/// A plane's link to the control plane.
#[derive(Debug)]
pub struct Link {
    /// Where accepted heads come out.
    pub accepted: Inbox,
    reports: Reports,
    state: watch::Receiver<State>,
}

/// What the sessions of a link share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) plane: PlaneName,
    pub(crate) about: About,
    pub(crate) reports: Reports,
    pub(crate) feed: Feed,
    pub(crate) state: watch::Sender<State>,
    known: Mutex<Known>,
    identity: tokio::sync::Mutex<Identity>,
    store: Box<dyn IdentityStore>,
    join_token: Option<String>,
}

impl Link {
    /// Loads or makes the identity, and begins to connect. `known` are the heads of the agent's unit records.
    ///
    /// # Errors
    /// When the configuration or the identity cannot be used. That the hub is away is no error.
    pub async fn start(
        config: Config,
        about: About,
        known: Vec<Head>,
        tasks: &Tasks,
    ) -> Result<Self, Error> {
        let plane: PlaneName = config.plane.parse().map_err(Error::Plane)?;
        let store = FileIdentity::new(config.identity_file.clone());
        let join_token = match config.join_token.is_set() {
            true => Some(secret_text(&config.join_token).map_err(Error::Token)?),
            false => None,
        };
        let identity = match store.load().await.map_err(Error::Identity)? {
            Some(identity) => identity,
            None => {
                let identity = new_identity();
                store.save(&identity).await.map_err(Error::Identity)?;
                identity
            }
        };
        let (state, watched) = watch::channel(State::default());
        let (sender, accepted) = inbox::channel();
        let shared = Arc::new(Shared {
            reports: Reports::new(plane.clone()),
            feed: Feed::default(),
            known: Mutex::new(Known::of(known)),
            identity: tokio::sync::Mutex::new(identity),
            store: Box::new(store),
            join_token,
            config,
            plane,
            about,
            state,
        });
        let reports = shared.reports.clone();
        let feed = shared.feed.clone();
        tasks.spawn_once("link.feed", move |shutdown| async move {
            shutdown.unless(feed.deliver(sender)).await;
        });
        tasks.spawn(TaskSpec::restarting("link"), move |shutdown| run(Arc::clone(&shared), shutdown));
        Ok(Self { accepted, reports, state: watched })
    }

    /// Where reports are put.
    #[must_use]
    pub const fn reports(&self) -> &Reports {
        &self.reports
    }

    /// Where the link stands.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }
}

impl Shared {
    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keys that may sign heads.
    pub(crate) async fn trusted(&self) -> Vec<String> {
        self.identity.lock().await.trusted_keys.clone()
    }

    /// Keeps what the hub said of itself.
    pub(crate) async fn keep_trust(&self, hub: &str, keys: Vec<String>) -> Result<(), identity::Error> {
        let mut identity = self.identity.lock().await;
        let joined_with = self.join_token.as_ref().map(|token| Digest::of(token.as_bytes()));
        let new = Identity {
            seed: identity.seed.clone(),
            hub: hub.to_owned(),
            trusted_keys: keys,
            joined_with: joined_with.or(identity.joined_with),
        };
        if *identity != new {
            self.store.save(&new).await?;
            *identity = new;
        }
        Ok(())
    }

    /// How the plane logs in; the token is shown until it has let the plane in.
    async fn login(&self) -> Login {
        let identity = self.identity.lock().await;
        let token = self.join_token.clone();
        let unused = token.filter(|token| identity.joined_with != Some(Digest::of(token.as_bytes())));
        Login {
            name: self.plane.to_string(),
            seed: identity.seed.clone(),
            join_token: unused,
            inbox: Some(subject::inbox(&self.plane)),
        }
    }

    pub(crate) fn set_phase(&self, phase: Phase, problem: &str) {
        self.state.send_modify(|state| {
            state.phase = phase;
            problem.clone_into(&mut state.problem);
            let known = self.known();
            state.highest = known.highest();
            state.units = known.len();
            state.unclaimed.clone_from(known.unclaimed());
        });
    }
}

async fn run(shared: Arc<Shared>, shutdown: Shutdown) {
    let mut delays = shared.config.reconnect.delays();
    while !shutdown.is_soft() {
        let ended = shutdown.unless(connect_and_serve(&shared, &shutdown)).await;
        match ended {
            None | Some(Ok(())) => {}
            Some(Err(error)) => {
                let refused = matches!(&error, session::Error::Bus(error) if error.is_refused_login());
                let phase = match (refused, &error) {
                    (true, _) => Phase::Refused,
                    (false, session::Error::Fenced) => Phase::Fenced,
                    (false, _) => Phase::Offline,
                };
                let chain = kit::chain(&error);
                tracing::warn!(error = %chain, plane.name = %shared.plane, "the link is down");
                shared.set_phase(phase, &chain);
            }
        }
        if shared.state.borrow().epoch > 0 && shared.state.borrow().phase == Phase::Live {
            delays = shared.config.reconnect.delays();
        }
        let delay = delays.next_delay().max(Duration::from_millis(20));
        shutdown.unless(tokio::time::sleep(delay)).await;
    }
}

async fn connect_and_serve(shared: &Shared, shutdown: &Shutdown) -> Result<(), session::Error> {
    let bus = Bus::connect(&shared.config.bus, shared.login().await).await.map_err(session::Error::Bus)?;
    session::serve(shared, &bus, shutdown).await
}

fn secret_text(secret: &kit::config::Secret) -> Result<String, kit::config::UnreadableSecret> {
    secret.load().map(|text| text.expose_secret().trim().to_owned())
}

fn new_identity() -> Identity {
    let seed = KeyPair::new_user().seed().expect("a new key has its seed");
    Identity { seed, hub: String::new(), trusted_keys: Vec::new(), joined_with: None }
}

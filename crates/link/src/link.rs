//! The life of a link: identity, connection, session after session.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nkeys::KeyPair;
use tokio::sync::watch;

use bus::{Bus, Login, subject};
use kit::config::ExposeSecret;
use kit::{Shutdown, TaskSpec, Tasks};
use model::{Digest, Head, PlaneName};

use crate::accept::Known;
use crate::config::Config;
use crate::feed::{self, Feed};
use crate::identity::{self, FileIdentity, Identity, IdentityStore};
use crate::inbox::{self, Inbox};
use crate::metrics;
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
    /// The seed of the identity is not one of an nkey.
    #[error(
        "the identity of the plane holds no valid seed: remove it, revoke the link and join again"
    )]
    Seed,
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

/// A session that the hub knows, on a connection.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) bus: Bus,
    pub(crate) epoch: u64,
}

/// What the tasks of a link share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) plane: PlaneName,
    pub(crate) about: About,
    pub(crate) reports: Reports,
    pub(crate) feed: Feed,
    pub(crate) state: watch::Sender<State>,
    /// The session, while there is one.
    pub(crate) live: watch::Sender<Option<Live>>,
    known: Mutex<Known>,
    identity: Mutex<Identity>,
    store: Box<dyn IdentityStore>,
    join_token: Option<String>,
}

impl Link {
    /// Begins with the identity in the file that the configuration names. `known` are the heads of the agent's unit
    /// records.
    ///
    /// # Errors
    /// When the configuration or the identity cannot be used. That the hub is away is no error.
    pub async fn start(
        config: Config,
        about: About,
        known: Vec<Head>,
        tasks: &Tasks,
    ) -> Result<Self, Error> {
        let store = Box::new(FileIdentity::new(config.identity_file.clone()));
        Self::start_with(store, config, about, known, tasks).await
    }

    /// As [`Self::start`], with the identity kept elsewhere.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(
        store: Box<dyn IdentityStore>,
        config: Config,
        about: About,
        known: Vec<Head>,
        tasks: &Tasks,
    ) -> Result<Self, Error> {
        let plane: PlaneName = config.plane.parse().map_err(Error::Plane)?;
        let join_token = match config.join_token.is_set() {
            true => Some(secret_text(&config.join_token).map_err(Error::Token)?),
            false => None,
        };
        let identity = load_or_make(&*store).await?;
        let (state, watched) = watch::channel(State::default());
        let (sender, accepted) = inbox::channel();
        let reports = Reports::new(plane.clone());
        let shared = Arc::new(Shared {
            reports: reports.clone(),
            feed: Feed::default(),
            live: watch::Sender::new(None),
            known: Mutex::new(Known::of(known)),
            identity: Mutex::new(identity),
            store,
            join_token,
            config,
            plane,
            about,
            state,
        });
        shared.set_phase(Phase::Offline, "");
        metrics::publish(&shared);
        let feeding = Arc::clone(&shared);
        tasks.spawn_once("link.feed", move |shutdown| async move {
            shutdown.unless(feed::deliver(&feeding, sender)).await;
        });
        tasks.spawn(TaskSpec::restarting("link"), move |shutdown| {
            run(Arc::clone(&shared), shutdown)
        });
        Ok(Self {
            accepted,
            reports,
            state: watched,
        })
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

    /// Ready once another session of this plane has taken over: the agent must stop writing to its cluster.
    pub fn fenced(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut state = self.state.clone();
        async move {
            if state
                .wait_for(|state| state.phase == Phase::Fenced)
                .await
                .is_err()
            {
                // The link has ended without being fenced.
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Shared {
    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn identity(&self) -> MutexGuard<'_, Identity> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session, as soon as there is one.
    pub(crate) async fn session(&self) -> Live {
        let mut live = self.live.subscribe();
        let found = live
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|live| live.clone());
        match found {
            Some(live) => live,
            // It is there when it was waited for, and the sender lives in `self`.
            None => std::future::pending().await,
        }
    }

    /// Keys that may sign heads.
    pub(crate) fn trusted(&self) -> Vec<String> {
        self.identity().trusted_keys.clone()
    }

    /// The hub that this plane belongs to; empty before the first session.
    pub(crate) fn hub(&self) -> String {
        self.identity().hub.clone()
    }

    /// Keeps what the hub said of itself.
    pub(crate) async fn keep_trust(
        &self,
        hub: &str,
        keys: Vec<String>,
    ) -> Result<(), identity::Error> {
        let old = self.identity().clone();
        let new = Identity {
            seed: old.seed.clone(),
            hub: hub.to_owned(),
            trusted_keys: keys,
            joined_with: self.token_digest().or(old.joined_with),
        };
        if old != new {
            self.store.save(&new).await?;
            *self.identity() = new;
        }
        Ok(())
    }

    fn token_digest(&self) -> Option<Digest> {
        self.join_token
            .as_ref()
            .map(|token| Digest::of(token.as_bytes()))
    }

    /// How the plane logs in. The token is shown until it has let the plane in, and again when the key alone is refused:
    /// a hub that was set up anew knows the token and not the key.
    fn login(&self) -> Login {
        let refused = self.state.borrow().phase == Phase::Refused;
        let identity = self.identity();
        let unused = refused || self.token_digest() != identity.joined_with;
        Login {
            name: self.plane.to_string(),
            seed: identity.seed.clone(),
            join_token: self.join_token.clone().filter(|_| unused),
            inbox: Some(subject::inbox(&self.plane)),
        }
    }

    pub(crate) fn set_phase(&self, phase: Phase, problem: &str) {
        let mut next = self.state.borrow().clone();
        next.phase = phase;
        problem.clone_into(&mut next.problem);
        {
            let known = self.known();
            next.highest = known.highest();
            next.units = known.len();
            next.unclaimed.clone_from(known.unclaimed());
        }
        self.state.send_if_modified(|state| {
            let changed = *state != next;
            *state = next;
            changed
        });
    }
}

async fn load_or_make(store: &dyn IdentityStore) -> Result<Identity, Error> {
    let identity = match store.load().await.map_err(Error::Identity)? {
        Some(identity) => identity,
        None => {
            let identity = new_identity();
            store.save(&identity).await.map_err(Error::Identity)?;
            identity
        }
    };
    match KeyPair::from_seed(&identity.seed) {
        Ok(_) => Ok(identity),
        Err(_) => Err(Error::Seed),
    }
}

async fn run(shared: Arc<Shared>, shutdown: Shutdown) {
    let mut delays = shared.config.reconnect.delays();
    while !shutdown.is_soft() {
        let Some(connected) = shutdown
            .unless(Bus::connect(&shared.config.bus, shared.login()))
            .await
        else {
            return;
        };
        let ended = match connected {
            Ok(bus) => {
                delays.reset();
                session::serve(&shared, &bus, &shutdown).await
            }
            Err(error) => Err(session::Error::Bus(error)),
        };
        shared.live.send_replace(None);
        let Err(error) = ended else { return };
        let phase = phase_after(&error);
        let chain = kit::chain(&error);
        tracing::warn!(error = %chain, plane.name = %shared.plane, "the link is down");
        shared.set_phase(phase, &chain);
        if phase == Phase::Fenced {
            // Coming back would fence the session that has taken over.
            return shutdown.soft().await;
        }
        shutdown
            .unless(tokio::time::sleep(delays.next_delay()))
            .await;
    }
}

fn phase_after(error: &session::Error) -> Phase {
    let refused = matches!(error, session::Error::Bus(error) if error.is_refused_login());
    match (error.is_fenced(), refused) {
        (true, _) => Phase::Fenced,
        (false, true) => Phase::Refused,
        (false, false) => Phase::Offline,
    }
}

fn secret_text(secret: &kit::config::Secret) -> Result<String, kit::config::UnreadableSecret> {
    secret
        .load()
        .map(|text| text.expose_secret().trim().to_owned())
}

fn new_identity() -> Identity {
    let seed = KeyPair::new_user().seed().expect("a new key has its seed");
    Identity {
        seed,
        hub: String::new(),
        trusted_keys: Vec::new(),
        joined_with: None,
    }
}

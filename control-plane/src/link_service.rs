//! What the control plane says to planes when they ask: first words, heartbeats, heads, bundles, reports.
//!
//! Any replica answers any plane; what it says comes from the store.

mod answer;
mod presence;

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures::StreamExt;
use nkeys::{KeyPair, KeyPairType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use bus::{Bus, Incoming, Login, server::HubKeys, subject, subject::Verb};
use kit::{Shutdown, Wake};
use model::{Code, Coded};
use store::{Store, sessions::Session};

use crate::{
    identity::{self, Registry},
    publish::Signer,
};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// The links to planes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The NATS servers.
    pub bus: bus::Config,
    /// Folder of the keys: those of the bus users, of the issuer, and the ones that sign heads. Keys that are missing
    /// are made.
    pub keys: PathBuf,
    /// Where the configuration of a NATS server that fits the keys is written at start; empty: nowhere.
    pub server_config: PathBuf,
    /// Where that server listens.
    pub server_listen: std::net::SocketAddr,
    /// PEM file of that server's certificate chain; needed when it listens beyond loopback.
    pub server_certificate: PathBuf,
    /// PEM file of that server's key.
    pub server_key: PathBuf,
    /// How often planes give a sign of life.
    pub heartbeat: kit::config::HumanDuration,
    /// Tokens with which planes may join once, for installations that bring their own.
    pub join_tokens: Vec<JoinTokenConfig>,
}

/// A token with which a plane may join once.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JoinTokenConfig {
    /// As `dataplane-default`.
    pub plane: String,
    /// The token.
    pub token: kit::config::Secret,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bus: bus::Config::default(),
            keys: PathBuf::from("keys"),
            server_config: PathBuf::new(),
            server_listen: ([127, 0, 0, 1], 7422).into(),
            server_certificate: PathBuf::new(),
            server_key: PathBuf::new(),
            heartbeat: kit::config::HumanDuration::from_secs(15),
            join_tokens: Vec::new(),
        }
    }
}

impl Config {
    /// Certificate and key of the NATS server, if it has any.
    pub(crate) fn server_tls(&self) -> Option<bus::server::Tls> {
        let given = !self.server_certificate.as_os_str().is_empty();
        given.then(|| bus::server::Tls {
            cert_file: self.server_certificate.clone(),
            key_file: self.server_key.clone(),
        })
    }
}

/// Signs of life that may be missed before a plane counts as away.
const MISSED: u32 = 3;

/// The connection that cuts connections, while it is there.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    /// Cuts connections.
    pub(crate) system: watch::Receiver<Option<Bus>>,
}

/// What the service is made of.
pub(crate) struct Service {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) signer: Arc<Signer>,
    pub(crate) clock: kit::Clock,
    pub(crate) keys: Arc<HubKeys>,
    pub(crate) registry: Registry,
    /// Shows on planes' objects who is there.
    pub(crate) presence: Wake,
    pub(crate) hub: watch::Sender<Option<Bus>>,
    pub(crate) system: watch::Sender<Option<Bus>>,
}

/// The signing keys of a folder, oldest first: `signing.nk`, then `signing-2.nk` and so on.
///
/// # Errors
/// When a file cannot be used.
pub(crate) fn signing_keys(folder: &std::path::Path) -> Result<Vec<KeyPair>, bus::keys::Error> {
    let mut keys = vec![bus::keys::load_or_create(
        &folder.join("signing.nk"),
        KeyPairType::Account,
    )?];
    let mut number = 2;
    while folder.join(format!("signing-{number}.nk")).exists() {
        let path = folder.join(format!("signing-{number}.nk"));
        keys.push(bus::keys::load_or_create(&path, KeyPairType::Account)?);
        number += 1;
    }
    Ok(keys)
}

impl Service {
    /// Whether a plane was not heard of for too long.
    fn is_away(&self, session: &Session, now: jiff::Timestamp) -> bool {
        let silent = Duration::try_from(now.duration_since(session.seen_at)).unwrap_or_default();
        silent > *self.config.heartbeat * MISSED
    }

    /// Connects, answers, and begins again when the connection was lost for good.
    pub(crate) async fn run(&self, shutdown: &Shutdown) {
        let mut delays = kit::Backoff::default().delays();
        while !shutdown.is_soft() {
            match shutdown.unless(self.serve()).await {
                None => return,
                Some(Ok(())) => tracing::warn!("the connection to NATS has ended"),
                Some(Err(error)) => {
                    tracing::warn!(error = %kit::chain(&error), "NATS cannot be reached");
                }
            }
            self.hub.send_replace(None);
            self.system.send_replace(None);
            shutdown
                .unless(tokio::time::sleep(delays.next_delay()))
                .await;
        }
    }

    async fn serve(&self) -> Result<(), bus::Error> {
        let connect = |name: &str, key: &KeyPair| {
            let login = Login {
                name: name.to_owned(),
                seed: key.seed().unwrap_or_default(),
                join_token: None,
                inbox: None,
            };
            let bus = self.config.bus.clone();
            async move { Bus::connect(&bus, login).await }
        };
        let auth = connect("control-plane/auth", &self.keys.auth).await?;
        let hub = connect("control-plane", &self.keys.hub).await?;
        let system = connect("control-plane/system", &self.keys.system).await?;
        self.hub.send_replace(Some(hub.clone()));
        self.system.send_replace(Some(system));
        tracing::info!("planes are served");
        let answers = Verb::ALL.iter().map(|verb| self.answer_all(&hub, *verb));
        tokio::select! {
            result = identity::answer(&self.registry, &auth, &self.keys.issuer) => result,
            result = futures::future::try_join_all(answers) => result.map(|_| ()),
        }
    }

    /// Answers every request of a verb, several at a time.
    async fn answer_all(&self, hub: &Bus, verb: Verb) -> Result<(), bus::Error> {
        /// Requests of one verb that are answered at the same time.
        const PARALLEL: usize = 32;
        let questions = hub
            .subscribe(subject::requests(verb), Some("control-plane"))
            .await?;
        questions
            .into_stream()
            .for_each_concurrent(PARALLEL, |question| self.answer_one(hub, verb, question))
            .await;
        Ok(())
    }

    async fn answer_one(&self, hub: &Bus, verb: Verb, question: Incoming) {
        let work = answer::answer(self, hub, verb, &question);
        let (code, failed) = match tokio::time::timeout(ANSWER, work).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => (error.code(), kit::chain(&error)),
            Err(_) => (Code::Unavailable, "the answer took too long".to_owned()),
        };
        tracing::warn!(
            subject = question.subject,
            error = failed,
            "a plane got no answer"
        );
        let _ = hub.answer_error(&question, code, &failed).await;
    }
}

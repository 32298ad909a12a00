//! Who may be which plane: the answer to NATS's question at every connect, tokens and revocation.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bus::{Bus, callout};
use jiff::Timestamp;
use model::{Digest, PlaneName};
use nkeys::KeyPair;
use rand::Rng;
use store::{
    Store,
    links::{JoinRequest, JoinToken},
};

/// How long a join token is good when nobody says otherwise.
const TOKEN_TTL: Duration = Duration::from_secs(3600);

/// Knows which connections are whose.
#[derive(Debug, Clone)]
pub struct Registry {
    store: Store,
    clock: kit::Clock,
    /// Connections that were let in: server and number on it.
    live: Arc<Mutex<BTreeMap<PlaneName, Vec<(String, u64)>>>>,
}

/// Most connections of one plane that are remembered, so that they can be cut.
const REMEMBERED: usize = 64;

impl Registry {
    /// A registry over the store.
    #[must_use]
    pub fn new(store: Store, clock: kit::Clock) -> Self {
        Self {
            store,
            clock,
            live: Arc::default(),
        }
    }

    /// Makes a one-time token with which a plane may join.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn create_token(
        &self,
        plane: PlaneName,
        ttl: Option<Duration>,
    ) -> Result<(String, Timestamp), store::Error> {
        let expires_at = self.clock.now() + ttl.unwrap_or(TOKEN_TTL);
        let token = random_token();
        let digest = Digest::of(token.as_bytes());
        self.store
            .put_join_token(JoinToken {
                digest,
                plane,
                namespaces: Vec::new(),
                expires_at,
            })
            .await?;
        Ok((token, expires_at))
    }

    /// Makes this token good for one join, if it is not known yet. For installations that bring their
    /// own.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn admit_token(&self, plane: PlaneName, token: &str) -> Result<(), store::Error> {
        let expires_at = self.clock.now() + TOKEN_TTL * 24;
        let digest = Digest::of(token.as_bytes());
        self.store
            .put_join_token(JoinToken {
                digest,
                plane,
                namespaces: Vec::new(),
                expires_at,
            })
            .await
    }

    /// Revokes a link and cuts its connections; gives how many were cut.
    ///
    /// # Errors
    /// When the store fails. Connections that cannot be cut now end when the server asks again.
    pub async fn revoke(
        &self,
        plane: &PlaneName,
        system: Option<&Bus>,
    ) -> Result<u32, store::Error> {
        self.store
            .revoke_link(plane.clone(), self.clock.now())
            .await?;
        let connections = self
            .live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(plane)
            .unwrap_or_default();
        let Some(system) = system else { return Ok(0) };
        let mut cut = 0;
        for (server, connection) in connections {
            let subject = format!("$SYS.REQ.SERVER.{server}.KICK");
            let question = serde_json::json!({"cid": connection}).to_string();
            let answer = system
                .ask(subject, question.into(), Duration::from_secs(2))
                .await;
            let gone = answer.is_ok_and(|answer| {
                let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap_or_default();
                answer.get("error").is_none_or(serde_json::Value::is_null)
            });
            cut += u32::from(gone);
        }
        Ok(cut)
    }

    /// Whom a connection belongs to, or why it is turned away.
    async fn identify(&self, request: &callout::Request) -> Result<PlaneName, String> {
        let Some(public_key) = &request.public_key else {
            return Err("the client proved no key".to_owned());
        };
        let plane: PlaneName = request
            .name
            .parse()
            .map_err(|error: model::id::ParseIdError| error.to_string())?;
        let failed = |error: store::Error| kit::chain(&error);
        if let Some(link) = self.store.find_link(&plane).await.map_err(failed)?
            && link.public_key == *public_key
        {
            return match link.revoked_at {
                None => Ok(plane),
                Some(_) => Err(format!("the link {plane} was revoked")),
            };
        }
        let Some(token) = &request.join_token else {
            return Err(format!(
                "the key is not that of {plane}, and there is no join token"
            ));
        };
        let join = JoinRequest {
            token: Digest::of(token.as_bytes()),
            plane: plane.clone(),
            public_key: public_key.clone(),
            cluster_uid: String::new(),
            at: self.clock.now(),
        };
        self.store.join(join).await.map_err(failed)?;
        tracing::info!(plane.name = %plane, "a plane has joined");
        Ok(plane)
    }

    fn remember(&self, plane: &PlaneName, request: &callout::Request) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = live.entry(plane.clone()).or_default();
        connections.push((request.server.clone(), request.connection));
        if connections.len() > REMEMBERED {
            connections.remove(0);
        }
    }
}

/// 32 random characters that are good in a file and on a command line.
#[expect(clippy::disallowed_methods, reason = "a token must not be guessed")]
fn random_token() -> String {
    const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    (0..32)
        .map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]))
        .collect()
}

/// Answers NATS's questions until the connection ends.
pub(crate) async fn answer(
    registry: &Registry,
    auth: &Bus,
    issuer: &KeyPair,
) -> Result<(), bus::Error> {
    let mut questions = auth
        .subscribe(callout::SUBJECT.to_owned(), Some("control-plane"))
        .await?;
    while let Some(question) = questions.next().await {
        let request = match callout::Request::parse(&question.payload) {
            Ok(request) => request,
            Err(error) => {
                tracing::warn!(%error, "a question of the NATS server cannot be read");
                continue;
            }
        };
        let now = registry.clock.now().as_second();
        let answer = match registry.identify(&request).await {
            Ok(plane) => {
                registry.remember(&plane, &request);
                request.allow(issuer, &plane, now)
            }
            Err(reason) => {
                tracing::warn!(plane.name = %request.name, reason, "a connection was turned away");
                request.refuse(issuer, &reason, now)
            }
        };
        auth.answer_bytes(&question, answer.into()).await?;
    }
    Ok(())
}

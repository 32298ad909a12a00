//! Who may be which plane: the answer to NATS's question at every connect, tokens and revocation.

use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use nkeys::KeyPair;
use rand::Rng;

use bus::{Bus, Incoming, callout};
use model::{Digest, PlaneName};
use store::{
    Store,
    links::{JoinRequest, JoinToken},
};

/// How long a join token is good when nobody says otherwise.
const TOKEN_TTL: Duration = Duration::from_secs(3600);

/// How many questions are answered at the same time. After a restart of the NATS server all planes come at once.
const PARALLEL: usize = 64;

/// Knows which key is whose. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Registry {
    store: Store,
    clock: kit::Clock,
}

/// Why a connection is turned away.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the client did not prove that it has its key")]
    NoKey,
    #[error("the client's name is not that of a plane")]
    Name(#[source] model::id::ParseIdError),
    #[error("the link was revoked: join again with a new token")]
    Revoked,
    #[error("the key is not the one that the plane joined with, and there is no join token")]
    Unknown,
    #[error("the join was refused")]
    Store(#[source] store::Error),
}

impl Registry {
    /// A registry over the store.
    #[must_use]
    pub const fn new(store: Store, clock: kit::Clock) -> Self {
        Self { store, clock }
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

    /// Revokes a link and cuts its connections; gives how many were cut. The plane may join again with a new token.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke(
        &self,
        plane: &PlaneName,
        system: Option<&Bus>,
    ) -> Result<u32, store::Error> {
        let now = self.clock.now();
        self.store.revoke_link(plane.clone(), now).await?;
        let cut = match system {
            Some(system) => bus::system::cut(system, plane).await,
            None => Ok(0),
        };
        // The link is revoked all the same: the plane cannot come back.
        let cut = cut.unwrap_or_else(|error| {
            tracing::error!(
                plane.name = %plane,
                error = %kit::chain(&error),
                "a revoked plane's live connections were not cut: restart the NATS server"
            );
            0
        });
        tracing::info!(plane.name = %plane, cut, "a link was revoked");
        Ok(cut)
    }

    /// Whom a connection belongs to, or why it is turned away. A new key, or the key of a revoked link, needs a token.
    async fn identify(&self, request: &callout::Request) -> Result<PlaneName, Refused> {
        let public_key = request.public_key.as_ref().ok_or(Refused::NoKey)?;
        let plane: PlaneName = request.name.parse().map_err(Refused::Name)?;
        let link = self.store.find_link(&plane).await.map_err(Refused::Store)?;
        let own = link.filter(|link| link.public_key == *public_key);
        let revoked = match own {
            Some(link) if link.revoked_at.is_none() => return Ok(plane),
            own => own.is_some(),
        };
        let Some(token) = &request.join_token else {
            return Err(if revoked {
                Refused::Revoked
            } else {
                Refused::Unknown
            });
        };
        let join = JoinRequest {
            token: Digest::of(token.as_bytes()),
            plane: plane.clone(),
            public_key: public_key.clone(),
            // The first session binds the link to its cluster.
            cluster_uid: String::new(),
            at: self.clock.now(),
        };
        self.store.join(join).await.map_err(Refused::Store)?;
        tracing::info!(plane.name = %plane, "a plane has joined");
        Ok(plane)
    }

    async fn answer_one(&self, auth: &Bus, issuer: &KeyPair, question: &Incoming) {
        let request = match callout::Request::parse(&question.payload) {
            Ok(request) => request,
            Err(error) => {
                tracing::warn!(%error, "a question of the NATS server cannot be read");
                return;
            }
        };
        let now = self.clock.now().as_second();
        let answer = match self.identify(&request).await {
            Ok(plane) => request.allow(issuer, &plane, now),
            Err(refused) => {
                let reason = kit::chain(&refused);
                tracing::warn!(plane.name = %request.name, reason, "a connection was turned away");
                request.refuse(issuer, &reason, now)
            }
        };
        if let Err(error) = auth.answer_bytes(question, answer.into()).await {
            // The client tries again.
            tracing::debug!(error = %kit::chain(&error), "an answer to the NATS server was not sent");
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
    let questions = auth
        .subscribe(callout::SUBJECT.to_owned(), Some("control-plane"))
        .await?;
    questions
        .into_stream()
        .for_each_concurrent(PARALLEL, |question| async move {
            registry.answer_one(auth, issuer, &question).await;
        })
        .await;
    Ok(())
}

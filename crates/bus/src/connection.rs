//! A connection: requests with deadlines, subscriptions, reconnects.

use std::{path::Path, sync::Arc, time::Duration};

use async_nats::{ConnectOptions, HeaderMap};
use bytes::Bytes;
use futures::StreamExt;
use nkeys::KeyPair;
use tokio::sync::watch;

use model::{Code, Coded};

use crate::Config;

/// Who connects.
#[derive(Debug, Clone)]
pub struct Login {
    /// Name of the connection; a plane gives its plane name.
    pub name: String,
    /// Seed of its nkey.
    pub seed: String,
    /// Join token, at the first start.
    pub join_token: Option<String>,
    /// Prefix of its inbox; `None`: the usual one.
    pub inbox: Option<String>,
}

/// The bus failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A server beyond loopback is named without TLS.
    #[error("the server {0:?} is beyond loopback: use tls://")]
    Insecure(String),
    /// The seed is not one of an nkey.
    #[error("the seed of the bus identity is not valid")]
    Seed,
    /// The file of the authority that vouches for the server is not there.
    #[error("the authority's file `{0}` cannot be read")]
    Authority(String, #[source] std::io::Error),
    /// The server is not there, or refuses the login.
    #[error("the bus cannot be reached")]
    Connect(#[source] async_nats::ConnectError),
    /// The server took the login and confirmed nothing.
    #[error("the server did not confirm the login in time: does the control plane answer it?")]
    Unconfirmed,
    /// Nobody answered in time.
    #[error("no answer on {subject}")]
    NoAnswer {
        /// Where the request went.
        subject: String,
        /// Why.
        #[source]
        source: async_nats::RequestError,
    },
    /// A message could not be handed to the connection.
    #[error("the connection takes no messages")]
    Send(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer is not what it should be.
    #[error("the answer on {subject} cannot be read")]
    Answer {
        /// Where the request went.
        subject: String,
        /// Why.
        #[source]
        source: prost::DecodeError,
    },
    /// The other side answered with an error.
    #[error("{message}")]
    Refused {
        /// What kind of error it is.
        code: Code,
        /// Its words.
        message: String,
    },
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Insecure(_) | Self::Seed | Self::Authority(..) => Code::Invalid,
            Self::Refused { code, .. } => *code,
            Self::NoAnswer { source, .. }
                if source.kind() == async_nats::RequestErrorKind::MaxPayloadExceeded =>
            {
                Code::Invalid
            }
            Self::Connect(_) | Self::Unconfirmed | Self::NoAnswer { .. } | Self::Send(_) => {
                Code::Unavailable
            }
            Self::Answer { .. } => Code::Internal,
        }
    }
}

impl Error {
    /// Whether the server turned the login away, as opposed to not being there.
    #[must_use]
    pub fn is_refused_login(&self) -> bool {
        matches!(self, Self::Connect(error) if matches!(
            error.kind(),
            async_nats::ConnectErrorKind::Authentication
                | async_nats::ConnectErrorKind::AuthorizationViolation
        ))
    }
}

/// Header of an answer that is an error: its words.
const ERROR: &str = "Quintet-Error";
/// Header of an answer that is an error: its code.
const CODE: &str = "Quintet-Code";
/// Header of the trace.
const TRACE: &str = "traceparent";

/// Whether a connection is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is.
    Up,
    /// It was lost, and is being made again.
    Down,
    /// It was lost, and the server turns the login away: revoked, or no longer known.
    Refused,
}

/// A connection to the bus. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    client: async_nats::Client,
    state: watch::Receiver<State>,
}

/// Messages of a subject.
#[derive(Debug)]
pub struct Subscription(async_nats::Subscriber);

/// A message that came in.
#[derive(Debug)]
pub struct Incoming {
    /// Its subject.
    pub subject: String,
    /// What it says.
    pub payload: Bytes,
    /// W3C `traceparent`.
    pub trace: Option<String>,
    reply: Option<async_nats::Subject>,
}

impl Bus {
    /// Connects once. Later losses are mended by itself, with growing, jittered delays.
    ///
    /// # Errors
    /// When the server is not there, refuses the login, or is named without TLS beyond loopback.
    pub async fn connect(config: &Config, login: Login) -> Result<Self, Error> {
        if let Some(server) = config.insecure().first() {
            return Err(Error::Insecure((*server).to_owned()));
        }
        let key = Arc::new(KeyPair::from_seed(&login.seed).map_err(|_| Error::Seed)?);
        let token = login.join_token;
        let mut options = ConnectOptions::with_auth_callback(move |nonce| {
            let (key, token) = (Arc::clone(&key), token.clone());
            async move {
                let mut auth = async_nats::Auth::new();
                auth.nkey = Some(key.public_key());
                auth.signature = Some(key.sign(&nonce).map_err(async_nats::AuthError::new)?);
                auth.token = token;
                Ok(auth)
            }
        })
        .name(login.name)
        .connection_timeout(CONNECT)
        .ping_interval(PING)
        .subscription_capacity(QUEUE)
        // Addresses that a server makes known by itself are not those that the configuration vouches for.
        .ignore_discovered_servers()
        .reconnect_delay_callback(reconnect_delay);
        if let Some(inbox) = login.inbox {
            options = options.custom_inbox_prefix(inbox);
        }
        if !config.ca_file.as_os_str().is_empty() {
            check_readable(&config.ca_file)?;
            options = options.add_root_certificates(config.ca_file.clone());
        }
        let (sender, state) = watch::channel(State::Up);
        let options = options.event_callback(move |event| {
            follow(&sender, &event);
            std::future::ready(())
        });
        let connecting = Box::pin(options.connect(config.servers.clone()));
        let client = connecting.await.map_err(Error::Connect)?;
        let bus = Self { client, state };
        // A server that waits long for the callout pings its client, which takes that for a welcome.
        match bus.round_trip(CONNECT).await {
            true => Ok(bus),
            false => Err(Error::Unconfirmed),
        }
    }

    /// Whether the connection is up now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
    }

    /// The state of the connection, as it changes.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the connection takes no messages.
    pub async fn publish(
        &self,
        subject: String,
        payload: Bytes,
        trace: Option<&str>,
    ) -> Result<(), Error> {
        let sent = match trace {
            None => self.client.publish(subject, payload).await,
            Some(trace) => {
                let headers = header(TRACE, trace);
                self.client
                    .publish_with_headers(subject, headers, payload)
                    .await
            }
        };
        sent.map_err(|error| Error::Send(Box::new(error)))
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// When nobody answers in time, or with an error.
    pub async fn request<Q: prost::Message, A: prost::Message + Default>(
        &self,
        subject: String,
        question: &Q,
        trace: Option<&str>,
        deadline: Duration,
    ) -> Result<A, Error> {
        let mut request = async_nats::Request::new()
            .payload(question.encode_to_vec().into())
            .timeout(Some(deadline));
        if let Some(trace) = trace {
            request = request.headers(header(TRACE, trace));
        }
        let answer = self
            .client
            .send_request(subject.clone(), request)
            .await
            .map_err(|source| Error::NoAnswer {
                subject: subject.clone(),
                source,
            })?;
        if let Some(error) = answer.headers.as_ref().and_then(refusal) {
            return Err(error);
        }
        A::decode(answer.payload).map_err(|source| Error::Answer { subject, source })
    }

    /// Sends a request whose answer is bytes that this crate does not know.
    ///
    /// # Errors
    /// When nobody answers in time.
    pub async fn ask(
        &self,
        subject: String,
        payload: Bytes,
        deadline: Duration,
    ) -> Result<Bytes, Error> {
        let request = async_nats::Request::new()
            .payload(payload)
            .timeout(Some(deadline));
        let answer = self.client.send_request(subject.clone(), request).await;
        answer
            .map(|answer| answer.payload)
            .map_err(|source| Error::NoAnswer { subject, source })
    }

    /// Sends a request that several may answer, and gives what they said until nobody spoke for `quiet`.
    ///
    /// # Errors
    /// When the connection takes no messages.
    pub(crate) async fn ask_all(
        &self,
        subject: &'static str,
        payload: String,
        quiet: Duration,
    ) -> Result<Vec<Bytes>, Error> {
        /// Servers of one cluster, and then some.
        const MANY: usize = 1024;
        let send = |error: Box<dyn std::error::Error + Send + Sync>| Error::Send(error);
        let inbox = self.client.new_inbox();
        let subscribed = self.client.subscribe(inbox.clone()).await;
        let mut answers = subscribed.map_err(|error| send(Box::new(error)))?;
        let sent = self
            .client
            .publish_with_reply(subject, inbox, payload.into())
            .await;
        sent.map_err(|error| send(Box::new(error)))?;
        let mut gathered = Vec::new();
        while let Ok(Some(answer)) = tokio::time::timeout(quiet, answers.next()).await {
            gathered.push(answer.payload);
            if gathered.len() == MANY {
                break;
            }
        }
        Ok(gathered)
    }

    /// Takes messages of a subject; those of one `group` share them. The server knows of it when this returns, if the
    /// connection is up.
    ///
    /// # Errors
    /// When the connection takes no subscriptions.
    pub async fn subscribe(
        &self,
        subject: String,
        group: Option<&str>,
    ) -> Result<Subscription, Error> {
        let subscriber = match group {
            Some(group) => self.client.queue_subscribe(subject, group.to_owned()).await,
            None => self.client.subscribe(subject).await,
        };
        let subscriber = subscriber.map_err(|error| Error::Send(Box::new(error)))?;
        self.round_trip(SUBSCRIBE).await;
        Ok(Subscription(subscriber))
    }

    /// Answers a request with a message.
    ///
    /// # Errors
    /// When the connection takes no messages.
    pub async fn answer(
        &self,
        question: &Incoming,
        answer: &impl prost::Message,
    ) -> Result<(), Error> {
        self.answer_bytes(question, answer.encode_to_vec().into())
            .await
    }

    /// Answers a request with bytes.
    ///
    /// # Errors
    /// When the connection takes no messages.
    pub async fn answer_bytes(&self, question: &Incoming, answer: Bytes) -> Result<(), Error> {
        let Some(reply) = question.reply.clone() else {
            return Ok(());
        };
        self.client
            .publish(reply, answer)
            .await
            .map_err(|error| Error::Send(Box::new(error)))
    }

    /// Answers a request with an error: the other side gets [`Error::Refused`].
    ///
    /// # Errors
    /// When the connection takes no messages.
    pub async fn answer_error(
        &self,
        question: &Incoming,
        code: Code,
        error: &str,
    ) -> Result<(), Error> {
        let Some(reply) = question.reply.clone() else {
            return Ok(());
        };
        let mut headers = header(ERROR, &error.replace(['\r', '\n'], " "));
        headers.insert(CODE, format!("{code:?}"));
        let sent = self
            .client
            .publish_with_headers(reply, headers, Bytes::new())
            .await;
        sent.map_err(|error| Error::Send(Box::new(error)))
    }

    /// Waits until the server has read what was sent so far; gives whether it has.
    async fn round_trip(&self, deadline: Duration) -> bool {
        let echo = async {
            let inbox = self.client.new_inbox();
            let mut back = self.client.subscribe(inbox.clone()).await.ok()?;
            loop {
                self.client
                    .publish(inbox.clone(), Bytes::new())
                    .await
                    .ok()?;
                // What was sent over a connection that was then lost is sent again.
                if let Ok(echo) = tokio::time::timeout(ECHO, back.next()).await {
                    return echo;
                }
            }
        };
        tokio::time::timeout(deadline, echo)
            .await
            .is_ok_and(|echo| echo.is_some())
    }

    /// Waits until what was sent has left.
    pub async fn flush(&self) {
        let _ = tokio::time::timeout(Duration::from_secs(2), self.client.flush()).await;
    }
}

impl Subscription {
    /// The next message; `None` when the connection has ended for good.
    pub async fn next(&mut self) -> Option<Incoming> {
        let message = self.0.next().await?;
        let trace = message
            .headers
            .as_ref()
            .and_then(|headers| headers.get(TRACE));
        Some(Incoming {
            subject: message.subject.to_string(),
            trace: trace.map(ToString::to_string),
            reply: message.reply,
            payload: message.payload,
        })
    }
}

impl Subscription {
    /// The messages as a stream.
    pub fn into_stream(self) -> impl futures::Stream<Item = Incoming> + Send {
        futures::stream::unfold(self, |mut messages| async move {
            messages.next().await.map(|message| (message, messages))
        })
    }
}

impl Incoming {
    /// The message as a protobuf type.
    ///
    /// # Errors
    /// When it is not of that type.
    pub fn decode<M: prost::Message + Default>(&self) -> Result<M, prost::DecodeError> {
        M::decode(self.payload.clone())
    }
}

/// The error in the headers of an answer, if it is one. A code that this version does not know is `Internal`.
fn refusal(headers: &HeaderMap) -> Option<Error> {
    let message = headers.get(ERROR)?.to_string();
    let text = headers
        .get(CODE)
        .map(ToString::to_string)
        .unwrap_or_default();
    let code = Code::ALL
        .iter()
        .copied()
        .find(|code| format!("{code:?}") == text);
    Some(Error::Refused {
        code: code.unwrap_or(Code::Internal),
        message,
    })
}

fn header(name: &str, value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(name, value);
    headers
}

/// How long a login may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a server may take to know of a subscription.
const SUBSCRIBE: Duration = Duration::from_secs(2);
/// How long an echo is waited for.
const ECHO: Duration = Duration::from_millis(500);
/// How often the server is asked for a sign of life; two that are missed end the connection.
const PING: Duration = Duration::from_secs(10);
/// Messages of one subscription that wait for their reader; more are lost, as any message may be.
const QUEUE: usize = 1024;
/// Longest delay between two attempts to connect.
const LONGEST: Duration = Duration::from_secs(20);
/// Longest delay before the first one: a server that ends cuts all its clients at once.
const FIRST: Duration = Duration::from_millis(250);

/// Full jitter under a ceiling that doubles with each attempt.
fn reconnect_delay(attempts: usize) -> Duration {
    let ceiling = FIRST
        .saturating_mul(1 << attempts.saturating_sub(1).min(8))
        .min(LONGEST);
    // The delay of the very first attempt, at the start of a process, is drawn as well: many start together.
    let random =
        std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), attempts);
    ceiling.mul_f64((random % 1000) as f64 / 1000.0)
}

fn check_readable(path: &Path) -> Result<(), Error> {
    let opened = std::fs::File::open(path);
    opened
        .map(drop)
        .map_err(|error| Error::Authority(path.display().to_string(), error))
}

/// Takes note of what happened to the connection.
fn follow(state: &watch::Sender<State>, event: &async_nats::Event) {
    use async_nats::{ClientError, Event};
    let now = match event {
        Event::Connected => State::Up,
        Event::Disconnected | Event::Closed => State::Down,
        Event::ClientError(ClientError::Other(text)) if is_refusal(text) => State::Refused,
        Event::ServerError(error) => {
            tracing::warn!(%error, "the NATS server complains");
            return;
        }
        Event::SlowConsumer(_) => {
            tracing::warn!("messages were dropped: they come faster than they are read");
            return;
        }
        Event::ClientError(_) | Event::LameDuckMode | Event::Draining => return,
    };
    state.send_replace(now);
}

/// Whether the text of a failed attempt to connect says that the login was turned away.
fn is_refusal(text: &str) -> bool {
    text.contains("authorization violation") || text.contains("authentication error")
}

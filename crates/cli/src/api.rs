//! The REST API as the command line uses it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use model::{KindName, Scope};

use crate::arguments::Arguments;

/// How long a request may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// A gateway, and the caller's token.
pub(crate) struct Api {
    client: reqwest::Client,
    streaming: reqwest::Client,
    url: String,
    token: String,
}

/// An answer that says no.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refused {
    /// HTTP status.
    pub(crate) status: StatusCode,
    /// What the gateway says, with every detail on its own line.
    message: String,
}

impl Api {
    pub(crate) fn new(arguments: &Arguments) -> Result<Self> {
        Ok(Self {
            client: kit::http_client(DEADLINE)?,
            streaming: kit::http_client(Duration::from_secs(24 * 3600))?,
            url: arguments.url.trim_end_matches('/').to_owned(),
            token: token(arguments)?,
        })
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn find(&self, path: &str) -> Result<Option<Value>> {
        match self.get(path).await {
            Ok(value) => Ok(Some(value)),
            Err(error) => match error.downcast_ref::<Refused>() {
                Some(refused) if refused.status == StatusCode::NOT_FOUND => Ok(None),
                _ => Err(error),
            },
        }
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Value> {
        self.send(Method::DELETE, path, None).await
    }

    /// Opens a stream of events.
    pub(crate) async fn stream(&self, path: &str) -> Result<reqwest::Response> {
        let request = self
            .streaming
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        let answer = request.send().await.with_context(|| self.unreachable())?;
        if !answer.status().is_success() {
            return Err(refused(answer).await);
        }
        Ok(answer)
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| self.unreachable())?;
        if !answer.status().is_success() {
            return Err(refused(answer).await);
        }
        if answer.status() == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        answer
            .json()
            .await
            .context("the gateway's answer is not JSON")
    }

    fn unreachable(&self) -> String {
        format!(
            "the gateway at {} cannot be reached; give its address with --url",
            self.url
        )
    }
}

async fn refused(answer: reqwest::Response) -> anyhow::Error {
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let mut message = match body["error"].as_str() {
        Some(error) => error.to_owned(),
        None => format!("the gateway answered {status}: {text}"),
    };
    if let Some(details) = body["details"].as_array() {
        message = format!("{} problems", details.len());
        for detail in details {
            let text = |field: &str| detail[field].as_str().unwrap_or_default();
            message.push_str(&format!("\n  {}: {}", text("field"), text("message")));
            if !text("hint").is_empty() {
                message.push_str(&format!("\n    {}", text("hint")));
            }
        }
    }
    Refused { status, message }.into()
}

fn token(arguments: &Arguments) -> Result<String> {
    if let Some(token) = &arguments.token {
        return Ok(token.trim().to_owned());
    }
    let file = match &arguments.token_file {
        Some(file) => file.clone(),
        None => std::env::home_dir()
            .context("there is no home folder; give the token with --token-file")?
            .join(".config/quintet/token"),
    };
    match std::fs::read_to_string(&file) {
        Ok(token) => Ok(token.trim().to_owned()),
        Err(error) => bail!(
            "no access token: {} ({error}); give one with --token-file or QUINTET_TOKEN",
            file.display()
        ),
    }
}

/// Path of a collection.
pub(crate) fn collection(kind: KindName, scope: Scope, namespace: &str) -> String {
    let plural = kind.plural(scope);
    match scope {
        Scope::Namespaced => format!("/api/v1/namespaces/{namespace}/{plural}"),
        Scope::Cluster => format!("/api/v1/{plural}"),
    }
}

/// The kind that a user means.
pub(crate) fn kind(typed: &str) -> Result<(KindName, Scope)> {
    KindName::from_typed(typed).map_err(|error| {
        let known: Vec<_> = KindName::each_scope()
            .map(|(kind, scope)| kind.plural(scope))
            .collect();
        anyhow::anyhow!("{error}; known are {}", known.join(", "))
    })
}

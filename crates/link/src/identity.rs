//! Who a plane is: its key, and the keys with which it knows its hub.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use model::Digest;

/// What a plane must keep to be the same plane after a restart. Secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Seed of the plane's nkey.
    pub seed: String,
    /// The hub's name; empty before the first session.
    #[serde(default)]
    pub hub: String,
    /// Public keys with which the hub may sign heads; empty before the first session, unless the join token named one.
    #[serde(default)]
    pub trusted_keys: Vec<String>,
    /// Digest of the join token that this identity came with.
    #[serde(default)]
    pub joined_with: Option<Digest>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("hub", &self.hub)
            .field("trusted_keys", &self.trusted_keys)
            .finish_non_exhaustive()
    }
}

/// An identity cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} the link's identity in {place}")]
pub struct Error {
    /// `load` or `save`.
    pub action: &'static str,
    /// Where it is kept, for an operator.
    pub place: String,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Where an identity is kept: a file, or a Secret of the cluster.
pub trait IdentityStore: Send + Sync + 'static {
    /// The identity that was saved last, or `None` if none ever was.
    fn load(&self) -> BoxFuture<'_, Result<Option<Identity>, Error>>;

    /// Keeps an identity, in place of any earlier one. It must be durable when this returns.
    fn save<'a>(&'a self, identity: &'a Identity) -> BoxFuture<'a, Result<(), Error>>;
}

/// An identity in a file that only its owner may read.
#[derive(Debug, Clone)]
pub struct FileIdentity {
    path: PathBuf,
}

impl FileIdentity {
    /// An identity in this file; its folder must exist.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn error(
        &self,
        action: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error {
            action,
            place: format!("the file `{}`", self.path.display()),
            source: source.into(),
        }
    }
}

impl IdentityStore for FileIdentity {
    fn load(&self) -> BoxFuture<'_, Result<Option<Identity>, Error>> {
        Box::pin(async {
            let text = match tokio::fs::read(&self.path).await {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(self.error("load", error)),
            };
            serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| self.error("load", error))
        })
    }

    fn save<'a>(&'a self, identity: &'a Identity) -> BoxFuture<'a, Result<(), Error>> {
        let (path, identity) = (self.path.clone(), identity.clone());
        Box::pin(async move {
            let text = serde_json::to_vec_pretty(&identity).expect("an identity has string keys");
            let written = tokio::task::spawn_blocking(move || replace(&path, &text)).await;
            match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(self.error("save", error)),
                Err(error) => Err(self.error("save", error)),
            }
        })
    }
}

/// Writes the file whole or not at all, readable by its owner alone.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    bus::keys::write_private(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_identity_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileIdentity::new(folder.path().join("identity.json"));
        assert_eq!(store.load().await.unwrap(), None);
        let identity = Identity {
            seed: "SU".to_owned(),
            hub: "hub".to_owned(),
            trusted_keys: vec!["A".to_owned()],
            joined_with: Some(Digest::of(b"token")),
        };
        for _ in 0..2 {
            store.save(&identity).await.unwrap();
        }
        assert_eq!(store.load().await.unwrap(), Some(identity));
        std::fs::write(folder.path().join("identity.json"), "{").unwrap();
        let error = store.load().await.unwrap_err();
        assert!(error.to_string().contains("identity.json"), "{error}");
    }
}

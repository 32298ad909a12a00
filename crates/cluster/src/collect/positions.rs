//! How far each log was handed over, kept in a file.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::Source;

#[derive(Debug, Default)]
pub(crate) struct Positions {
    path: PathBuf,
    at: BTreeMap<String, Timestamp>,
    dirty: bool,
}

/// Logs whose pods are long gone; the oldest are forgotten beyond it.
const MOST: usize = 10_000;

impl Positions {
    pub(crate) async fn load(path: PathBuf) -> Self {
        let at = if path.as_os_str().is_empty() {
            BTreeMap::new()
        } else {
            read(&path).await
        };
        Self {
            path,
            at,
            dirty: false,
        }
    }

    pub(crate) fn find(&self, source: &Source) -> Option<Timestamp> {
        self.at.get(&key(source)).copied()
    }

    pub(crate) fn put(&mut self, source: &Source, at: Timestamp) {
        self.dirty = true;
        self.at.insert(key(source), at);
        if self.at.len() > MOST
            && let Some(oldest) = self
                .at
                .iter()
                .min_by_key(|(_, at)| **at)
                .map(|(key, _)| key.clone())
        {
            self.at.remove(&oldest);
        }
    }

    pub(crate) fn forget(&mut self, source: &Source) {
        self.dirty |= self.at.remove(&key(source)).is_some();
    }

    /// Writes the file, if anything has moved.
    pub(crate) async fn save(&mut self) {
        if !std::mem::take(&mut self.dirty) || self.path.as_os_str().is_empty() {
            return;
        }
        if let Err(error) = write(&self.path, &self.at).await {
            tracing::warn!(%error, path = %self.path.display(), "the positions of logs cannot be kept");
        }
    }
}

fn key(source: &Source) -> String {
    format!("{}/{}", source.uid, source.container)
}

async fn read(path: &Path) -> BTreeMap<String, Timestamp> {
    match tokio::fs::read(path).await {
        Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, path = %path.display(), "the positions of logs cannot be read; logs are read again");
            BTreeMap::new()
        }),
        Err(_) => BTreeMap::new(),
    }
}

async fn write(path: &Path, at: &BTreeMap<String, Timestamp>) -> std::io::Result<()> {
    let new = path.with_extension("new");
    tokio::fs::write(&new, serde_json::to_vec(at).unwrap_or_default()).await?;
    tokio::fs::rename(&new, path).await
}

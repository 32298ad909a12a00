//! What a run shall consist of: written by `up`, followed by the supervisor.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::folder::Folder;
use crate::{http, process};

/// The five binaries, in the order of their start.
pub const PLANES: [&str; 5] = [
    "control-plane",
    "observability-plane",
    "experience-gateway",
    "data-plane-agent",
    "workflow-plane",
];

/// All parts, in the order of their start.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Plan {
    /// The parts.
    pub parts: Vec<Part>,
}

/// A process that shall run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// Its name in `status`.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables beside those of the supervisor.
    pub environment: BTreeMap<String, String>,
    /// Of program and configuration: another one means a restart.
    pub fingerprint: String,
    /// Whether it shall run now.
    pub wanted: bool,
    /// Whether it ends by itself when its work is done.
    pub once: bool,
    /// How to see that it serves.
    pub ready: Ready,
}

/// How to see that a part serves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ready {
    /// It runs.
    Runs,
    /// It accepts connections.
    Accepts(SocketAddr),
    /// `/readyz` answers 200.
    Answers(SocketAddr),
}

impl Ready {
    /// Whether it serves now.
    #[must_use]
    pub fn holds(&self) -> bool {
        match self {
            Self::Runs => true,
            Self::Accepts(address) => std::net::TcpStream::connect(address).is_ok(),
            Self::Answers(address) => {
                http::ask(*address, "localhost", "/readyz").is_ok_and(|it| it.status == 200)
            }
        }
    }
}

impl Plan {
    /// Reads the run's plan; an empty one when there is none.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn read(folder: &Folder) -> Result<Self> {
        let file = file(folder);
        match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).with_context(|| file.display().to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| file.display().to_string()),
        }
    }

    /// Writes the plan at once.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, folder: &Folder) -> Result<()> {
        process::replace(&file(folder), &serde_json::to_string_pretty(self)?)
    }

    /// The part with this name.
    ///
    /// # Errors
    /// There is none; the error lists the names.
    pub fn part(&mut self, name: &str) -> Result<&mut Part> {
        let names: Vec<String> = self.parts.iter().map(|it| it.name.clone()).collect();
        let found = self.parts.iter_mut().find(|it| it.name == name);
        found.with_context(|| format!("no part {name}; there are {}", names.join(", ")))
    }

    /// Adds the part, or puts it in the place of the one with its name.
    pub fn put(&mut self, part: Part) {
        match self.parts.iter_mut().find(|it| it.name == part.name) {
            Some(place) => *place = part,
            None => self.parts.push(part),
        }
    }
}

fn file(folder: &Folder) -> PathBuf {
    folder.path().join("plan.json")
}

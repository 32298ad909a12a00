//! The folder of a run: configs, secrets, data, logs, and the supervisor's files.

use std::{
    fs,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::home::Home;

/// Where a run keeps its files.
#[derive(Debug, Clone)]
pub struct Folder {
    name: String,
    path: PathBuf,
}

impl Folder {
    /// The folder of the run with this name; it may not exist yet.
    #[must_use]
    pub fn of(home: &Home, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            path: home.run(name),
        }
    }

    /// Makes the folder and what is always in it; others may not look inside.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make(&self) -> Result<()> {
        for inner in ["config", "secrets", "data", "logs"] {
            let path = self.path.join(inner);
            fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        }
        fs::set_permissions(&self.path, fs::Permissions::from_mode(0o700))?;
        Ok(())
    }

    /// The run's name; also that of its cluster.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A config file.
    #[must_use]
    pub fn config(&self, file: &str) -> PathBuf {
        self.path.join("config").join(file)
    }

    /// A secret.
    #[must_use]
    pub fn secret(&self, file: &str) -> PathBuf {
        self.path.join("secrets").join(file)
    }

    /// A part's data.
    #[must_use]
    pub fn data(&self, part: &str) -> PathBuf {
        self.path.join("data").join(part)
    }

    /// A part's log.
    #[must_use]
    pub fn log(&self, part: &str) -> PathBuf {
        self.path.join("logs").join(format!("{part}.log"))
    }

    /// Writes a config file.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write_config(&self, file: &str, text: &str) -> Result<PathBuf> {
        let path = self.config(file);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Writes a secret that only this user may read.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write_secret(&self, file: &str, text: &str) -> Result<PathBuf> {
        let path = self.secret(file);
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut opened = options
            .open(&path)
            .with_context(|| path.display().to_string())?;
        opened.write_all(text.as_bytes())?;
        Ok(path)
    }
}

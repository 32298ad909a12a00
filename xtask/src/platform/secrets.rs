//! Tokens that a run makes for itself: once, in files that only this user may read.

use std::{fmt::Write, fs::File, io::Read, path::PathBuf};

use anyhow::{Context, Result};

use super::folder::Folder;

/// The file of the token with this name, made if it is missing.
///
/// # Errors
/// The folder cannot be written, or the system gives no random bytes.
pub fn token(folder: &Folder, name: &str) -> Result<PathBuf> {
    let file = folder.secret(name);
    if file.exists() {
        return Ok(file);
    }
    let mut bytes = [0; 24];
    File::open("/dev/urandom")
        .and_then(|mut it| it.read_exact(&mut bytes))
        .context("/dev/urandom")?;
    let text = bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    });
    folder.write_secret(name, &text)
}

//! Tokens that a run makes for itself: once, in files that only this user may read.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::PathBuf,
};

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

/// Keeps the administrator's token where the command line looks for it.
///
/// # Errors
/// The folder cannot be written.
pub fn store_for_cli(folder: &Folder) -> Result<()> {
    let file = cli_file()?;
    let parent = file.parent().context("the token file has a folder")?;
    fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
    let token = fs::read_to_string(token(folder, "admin")?)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let opened = options
        .open(&file)
        .with_context(|| file.display().to_string())?;
    opened.set_permissions(fs::Permissions::from_mode(0o600))?;
    (&opened)
        .write_all(token.as_bytes())
        .with_context(|| file.display().to_string())
}

/// Takes the token away from the command line, unless it is another one by now.
///
/// # Errors
/// The file cannot be removed.
pub fn forget_for_cli(folder: &Folder) -> Result<()> {
    let file = cli_file()?;
    let ours = fs::read_to_string(folder.secret("admin")).ok();
    if ours.is_some() && fs::read_to_string(&file).ok() == ours {
        fs::remove_file(&file).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

fn cli_file() -> Result<PathBuf> {
    Ok(std::env::home_dir()
        .context("there is no home folder")?
        .join(".config/quintet/token"))
}

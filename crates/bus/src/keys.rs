//! Seeds of nkeys in files that only their owner may read.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use nkeys::{KeyPair, KeyPairType};

/// A key cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("the key file {path:?} cannot be used")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The text is not the seed of an nkey.
    #[error("{0:?} does not hold the seed of an nkey")]
    Seed(PathBuf),
}

/// The key in a file; made there if there is none.
///
/// # Errors
/// When the file cannot be used.
pub fn load_or_create(path: &Path, key_type: KeyPairType) -> Result<KeyPair, Error> {
    let file = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    match fs::read_to_string(path) {
        Ok(text) => KeyPair::from_seed(text.trim()).map_err(|_| Error::Seed(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = KeyPair::new(key_type);
            let seed = key.seed().map_err(|_| Error::Seed(path.to_owned()))?;
            write_private(path, seed.as_bytes()).map_err(file)?;
            Ok(key)
        }
        Err(error) => Err(file(error)),
    }
}

/// Writes a file whole or not at all, readable by its owner alone.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

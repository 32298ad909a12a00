//! Says whether files changed since something was made of them.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// A digest of the files and, below folders, of every file with its name. Same bytes, same text;
/// not meant against an enemy.
///
/// # Errors
/// A file cannot be read.
pub fn of(paths: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        add(path, &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    let context = || path.display().to_string();
    if path.is_dir() {
        let entries = fs::read_dir(path).with_context(context)?;
        let mut children: Vec<PathBuf> = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()
            .with_context(context)?;
        children.sort();
        return children.iter().try_for_each(|child| add(child, hasher));
    }
    path.file_name().hash(hasher);
    fs::read(path).with_context(context)?.hash(hasher);
    Ok(())
}

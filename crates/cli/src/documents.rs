//! The documents of files, folders and standard input.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use preview::workspace::Source;

/// How deep folders are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The files of a folder.
    Folder,
    /// The files of its folders, too.
    All,
}

/// The documents of a file, of every YAML file of a folder, or of standard input, each with where it
/// stands.
pub(crate) fn read(path: &Path, depth: Depth) -> Result<Vec<(Source, Value)>> {
    let mut documents = Vec::new();
    for file in files(path, depth)? {
        documents.extend(parse(&file)?);
    }
    Ok(documents)
}

/// The files that a path stands for, by name.
pub(crate) fn files(path: &Path, depth: Depth) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)
        .with_context(|| path.display().to_string())?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        let is_yaml = entry
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if entry.is_dir() && depth == Depth::All {
            files.extend(self::files(&entry, depth)?);
        } else if is_yaml && !entry.is_dir() {
            files.push(entry);
        }
    }
    Ok(files)
}

/// The documents of one file, or of standard input.
pub(crate) fn parse(file: &Path) -> Result<Vec<(Source, Value)>> {
    let (name, text) = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("standard input")?;
        ("standard input".to_owned(), text)
    } else {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).with_context(|| name.clone())?;
        (name, text)
    };
    let documents = model::yaml::documents(&text).with_context(|| name.clone())?;
    let numbered = documents.into_iter().enumerate();
    Ok(numbered
        .map(|(index, document)| {
            let source = Source {
                file: name.clone(),
                document: index + 1,
            };
            (source, document)
        })
        .collect())
}

/// Paths, for messages.
pub(crate) fn shown(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

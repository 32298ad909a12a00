//! One source file, cut into code and inline tests.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// A Rust file that people write.
#[derive(Debug)]
pub(super) struct Source {
    /// Path in the checkout.
    pub(super) path: String,
    pub(super) lines: Vec<String>,
    /// First line (from 0) of the inline test module; the end of the file without one.
    pub(super) tests_from: usize,
    /// Whether the whole file is tests.
    pub(super) is_test: bool,
}

impl Source {
    /// Every `.rs` file below `root` that is not generated, in order of path.
    pub(super) fn all(root: &Path) -> Result<Vec<Self>> {
        let mut files = Vec::new();
        find(root, &mut files)?;
        files.sort();
        let mut sources = Vec::new();
        for file in files {
            let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let path = file.strip_prefix(root).unwrap_or(&file).to_string_lossy();
            if !is_generated(&path, &text) {
                sources.push(Self::cut(&path, &text));
            }
        }
        Ok(sources)
    }

    pub(super) fn cut(path: &str, text: &str) -> Self {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let inline = lines.windows(2).position(|pair| {
            pair[0].starts_with("#[cfg(test)]")
                && pair[1].starts_with("mod ")
                && pair[1].ends_with('{')
        });
        // The harnesses below tests/ are programs: only their tests/ folders and files are tests.
        let inside = path.strip_prefix("tests/").unwrap_or(path);
        let is_test = inside.contains("/tests/")
            || inside.contains("/benches/")
            || inside.ends_with("/tests.rs");
        Self {
            path: path.to_owned(),
            tests_from: inline.unwrap_or(lines.len()),
            lines,
            is_test,
        }
    }

    pub(super) fn code_lines(&self) -> usize {
        if self.is_test { 0 } else { self.tests_from }
    }

    pub(super) fn test_lines(&self) -> usize {
        self.lines.len() - self.code_lines()
    }

    pub(super) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Folder of the crate.
    pub(super) fn package(&self) -> String {
        let depth = if self.path.starts_with("crates/") || self.path.starts_with("tests/") {
            2
        } else {
            1
        };
        self.path
            .split('/')
            .take(depth)
            .collect::<Vec<_>>()
            .join("/")
    }
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !name.starts_with('.') && !matches!(&*name, "target" | "node_modules" | "generated")
            {
                find(&entry.path(), files)?;
            }
        } else if kind.is_file() && name.ends_with(".rs") {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn is_generated(path: &str, text: &str) -> bool {
    let mut head = text.lines().take(5);
    path.contains("/gen/") || head.any(|line| line.contains("@generated"))
}

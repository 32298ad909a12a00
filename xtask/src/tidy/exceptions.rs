//! `xtask/tidy.toml`: a section a rule, a line an exception, `"path" = "reason"`.
//!
//! The form is a strict part of TOML, read here so that no parser is needed.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail};

/// What is excused, and whether it was needed.
#[derive(Debug, Default)]
pub(super) struct Exceptions {
    used: BTreeMap<(String, String), bool>,
}

impl Exceptions {
    pub(super) fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        Self::parse(&text).with_context(|| file.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let mut used = BTreeMap::new();
        let mut rule = None;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
                rule = Some(name.to_owned());
                continue;
            }
            let parts: Vec<&str> = line.split('"').collect();
            match (&rule, parts.as_slice()) {
                (Some(rule), ["", path, equals, reason, ""])
                    if equals.trim() == "=" && !reason.trim().is_empty() =>
                {
                    used.insert((rule.clone(), (*path).to_owned()), false);
                }
                _ => bail!(
                    "line {}: want `\"path\" = \"reason\"` in a section",
                    number + 1
                ),
            }
        }
        Ok(Self { used })
    }

    /// Whether the file is excused from the rule.
    pub(super) fn excuse(&mut self, rule: &str, path: &str) -> bool {
        let Some(used) = self.used.get_mut(&(rule.to_owned(), path.to_owned())) else {
            return false;
        };
        *used = true;
        true
    }

    /// Exceptions that excused nothing: rule and path.
    pub(super) fn unused(&self) -> impl Iterator<Item = (&str, &str)> {
        let unused = self.used.iter().filter(|(_, used)| !**used);
        unused.map(|((rule, path), _)| (rule.as_str(), path.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_needs_a_section_and_a_reason() {
        assert!(Exceptions::parse("\"a.rs\" = \"why\"").is_err());
        assert!(Exceptions::parse("[file-lines]\n\"a.rs\" = \"\"").is_err());
        let mut read = Exceptions::parse("[file-lines]\n\"a.rs\" = \"one table\"").unwrap();
        assert_eq!(read.unused().count(), 1);
        assert!(read.excuse("file-lines", "a.rs"));
        assert!(!read.excuse("file-lines", "b.rs"));
        assert_eq!(read.unused().count(), 0);
    }
}

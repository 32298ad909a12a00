//! Semantic versions.

use std::cmp::Ordering;

use super::{opaque, quoted};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::library::{Function, Outcome, global, member, mismatch, text};
use crate::value::{Opaque, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    global(
        "semver",
        &[
            "string -> kubernetes.Semver",
            "string, bool -> kubernetes.Semver",
        ],
        |arguments, budget| {
            let version = read("semver", arguments, budget)?.map_err(Error::Argument)?;
            Ok(Value::opaque(version))
        },
    ),
    global(
        "isSemver",
        &["string -> bool", "string, bool -> bool"],
        |arguments, budget| Ok(Value::Bool(read("isSemver", arguments, budget)?.is_ok())),
    ),
    member("major", NUMBER, |arguments, _| {
        number("major", arguments, 0)
    }),
    member("minor", NUMBER, |arguments, _| {
        number("minor", arguments, 1)
    }),
    member("patch", NUMBER, |arguments, _| {
        number("patch", arguments, 2)
    }),
];

const NUMBER: &[&str] = &["kubernetes.Semver -> int"];

/// A version. What it was built from neither counts in comparisons nor can be asked for, and is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Semver {
    numbers: [u64; 3],
    before: Vec<Identifier>,
}

/// A part of what marks a version as one before the release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Text(Box<str>),
}

impl Opaque for Semver {
    fn type_name(&self) -> &'static str {
        "kubernetes.Semver"
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        other.downcast() == Some(self)
    }

    fn size(&self) -> usize {
        let text = |identifier: &Identifier| match identifier {
            Identifier::Number(_) => 0,
            Identifier::Text(text) => text.len(),
        };
        let slots = self.before.len() * size_of::<Identifier>();
        slots + self.before.iter().map(text).sum::<usize>()
    }
}

impl Semver {
    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        let released = |version: &Self| version.before.is_empty();
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| released(self).cmp(&released(other)))
            .then_with(|| self.before.cmp(&other.before))
    }
}

fn number(name: &str, arguments: &[Value], index: usize) -> Outcome {
    let version = opaque::<Semver>(name, arguments, 0)?;
    // Larger numbers wrap around there.
    Ok(Value::Int(version.numbers[index] as i64))
}

/// The version of the first argument, made regular if the second says so; or what is wrong with it.
fn read(
    name: &str,
    arguments: &[Value],
    budget: &mut Budget,
) -> Result<Result<Semver, String>, Error> {
    let text = text(name, arguments, 0)?;
    let lenient = match arguments.get(1) {
        None => false,
        Some(lenient) => lenient.as_bool().ok_or_else(|| mismatch(name, arguments))?,
    };
    budget.steps(text.len() / 16)?;
    budget.bytes(text.len())?;
    let version = if lenient {
        regular(text).and_then(|text| parse(&text))
    } else {
        parse(text)
    };
    if let Ok(version) = &version {
        budget.bytes(version.size())?;
    }
    Ok(version)
}

/// The text without `v` and leading zeros, and with the numbers that it lacks.
fn regular(text: &str) -> Result<String, String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text.splitn(3, '.').map(trimmed).collect();
    let meta = parts.last().is_some_and(|last| last.contains(['+', '-']));
    if parts.len() < 3 && meta {
        return Err("short version cannot contain PreRelease/Build meta data".to_owned());
    }
    parts.resize(3, "0".to_owned());
    Ok(parts.join("."))
}

/// A part without leading zeros, but for the one that it needs.
fn trimmed(part: &str) -> String {
    if part.len() < 2 {
        return part.to_owned();
    }
    let rest = part.trim_start_matches('0');
    let zero = if rest.starts_with(|first: char| first.is_ascii_digit()) {
        ""
    } else {
        "0"
    };
    format!("{zero}{rest}")
}

fn parse(text: &str) -> Result<Semver, String> {
    if text.is_empty() {
        return Err("Version string empty".to_owned());
    }
    let parts: Vec<_> = text.splitn(3, '.').collect();
    let [major, minor, rest] = *parts else {
        return Err("No Major.Minor.Patch elements found".to_owned());
    };
    let major = part(major, "Major")?;
    let minor = part(minor, "Minor")?;
    let (rest, build) = cut(rest, '+');
    let (patch, before) = cut(rest, '-');
    let numbers = [major, minor, part(patch, "Patch")?];
    let before = before.map(identifier).collect::<Result<_, _>>()?;
    for meta in build {
        if meta.is_empty() {
            return Err("Build meta data is empty".to_owned());
        }
        if !is_identifier(meta) {
            let meta = quoted(meta);
            return Err(format!(
                "Invalid character(s) found in build meta data {meta}"
            ));
        }
    }
    Ok(Semver { numbers, before })
}

/// What stands before a mark, and the parts of what follows it.
fn cut(text: &str, mark: char) -> (&str, impl Iterator<Item = &str>) {
    let (text, rest) = match text.split_once(mark) {
        Some((text, rest)) => (text, Some(rest)),
        None => (text, None),
    };
    (text, rest.into_iter().flat_map(|rest| rest.split('.')))
}

fn part(text: &str, name: &str) -> Result<u64, String> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let name = name.to_lowercase();
        let text = quoted(text);
        return Err(format!(
            "Invalid character(s) found in {name} number {text}"
        ));
    }
    if has_leading_zero(text) {
        let text = quoted(text);
        return Err(format!(
            "{name} number must not contain leading zeroes {text}"
        ));
    }
    integer(text)
}

fn has_leading_zero(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0')
}

/// The number that a text of digits is.
fn integer(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| {
        let reason = match text {
            "" => "invalid syntax",
            _ => "value out of range",
        };
        format!("strconv.ParseUint: parsing {}: {reason}", quoted(text))
    })
}

fn is_identifier(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn identifier(text: &str) -> Result<Identifier, String> {
    if text.is_empty() {
        return Err("Prerelease is empty".to_owned());
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return if is_identifier(text) {
            Ok(Identifier::Text(text.into()))
        } else {
            let text = quoted(text);
            Err(format!("Invalid character(s) found in prerelease {text}"))
        };
    }
    if has_leading_zero(text) {
        let text = quoted(text);
        return Err(format!(
            "Numeric PreRelease version must not contain leading zeroes {text}"
        ));
    }
    integer(text).map(Identifier::Number)
}

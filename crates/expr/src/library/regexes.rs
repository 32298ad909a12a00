//! Regular expressions, which match in linear time.

mod syntax;

use std::sync::{Arc, LazyLock};

use moka::sync::Cache;
use regex::{Regex, RegexBuilder};

use super::{Function, Outcome, global, member, text};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    global("matches", &["string, string -> bool"], matches),
    member("matches", &["string, string -> bool"], matches),
];

/// Memory of one compiled pattern, in bytes: it is compiled within the first of these that it fits into, so that what
/// it takes is known.
const SIZES: [usize; 4] = [16 << 10, 64 << 10, 256 << 10, 1 << 20];
/// Memory of all patterns that are kept, in bytes.
const CACHE_BYTES: u64 = 16 << 20;

/// A compiled pattern, if it is one.
#[derive(Clone)]
struct Kept {
    pattern: Option<Arc<Regex>>,
    bytes: usize,
}

/// Compiling takes far longer than matching, and rules use the same few patterns. What does not compile is kept too.
static PATTERNS: LazyLock<Cache<Box<str>, Kept>> = LazyLock::new(|| {
    Cache::<Box<str>, Kept>::builder()
        .max_capacity(CACHE_BYTES)
        .weigher(|text, kept| u32::try_from(text.len() + kept.bytes).unwrap_or(u32::MAX))
        .build()
});

/// A regular expression in the syntax of RE2, which matches in linear time. Those that were read are kept, in bounded
/// memory, for all that read the same again.
#[derive(Debug, Clone)]
pub struct Pattern(Arc<Regex>);

impl Pattern {
    /// Reads a pattern; none where it is none, or would take too much memory.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        kept(text).pattern.map(Self)
    }

    /// Whether it is found in a text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn kept(text: &str) -> Kept {
    PATTERNS.get(text).unwrap_or_else(|| {
        let kept = compile(text);
        PATTERNS.insert(text.into(), kept.clone());
        kept
    })
}

/// The pattern of a text, to be matched once against `subject` by the function `name`.
pub(super) fn pattern(
    name: &str,
    subject: &str,
    text: &str,
    budget: &mut Budget,
) -> Result<Arc<Regex>, Error> {
    budget.steps(subject.len() / 16 + text.len())?;
    let wrong = || Error::argument(format!("invalid {name}() pattern: {text}"));
    kept(text).pattern.ok_or_else(wrong)
}

fn compile(text: &str) -> Kept {
    /// What an entry takes of itself.
    const ENTRY: usize = 256;
    let translated = syntax::translated(text);
    for size in SIZES {
        let pattern = RegexBuilder::new(&translated)
            .size_limit(size)
            .dfa_size_limit(size)
            .build();
        match pattern {
            Ok(pattern) => {
                return Kept {
                    pattern: Some(Arc::new(pattern)),
                    // Beside the pattern there are the tables that matching fills, forwards and backwards.
                    bytes: ENTRY + 3 * size,
                };
            }
            Err(regex::Error::CompiledTooBig(_)) => {}
            Err(_) => break,
        }
    }
    Kept {
        pattern: None,
        bytes: ENTRY,
    }
}

fn matches(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let subject = text("matches", arguments, 0)?;
    let pattern = pattern("matches", subject, text("matches", arguments, 1)?, budget)?;
    Ok(Value::Bool(pattern.is_match(subject)))
}

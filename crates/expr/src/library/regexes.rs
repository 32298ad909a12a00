//! Regular expressions, which match in linear time.

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

/// Memory of one compiled pattern, in bytes.
const PATTERN_BYTES: usize = 1 << 20;

/// Compiling takes far longer than matching, and rules use the same few patterns. What does not
/// compile is kept as `None`.
static PATTERNS: LazyLock<Cache<Box<str>, Option<Arc<Regex>>>> = LazyLock::new(|| Cache::new(256));

fn matches(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let subject = text("matches", arguments, 0)?;
    let pattern = text("matches", arguments, 1)?;
    budget.steps(subject.len() / 16 + pattern.len())?;
    let compiled = match PATTERNS.get(pattern) {
        Some(known) => known,
        None => {
            let compiled = RegexBuilder::new(pattern)
                .size_limit(PATTERN_BYTES)
                .dfa_size_limit(PATTERN_BYTES)
                .build()
                .ok()
                .map(Arc::new);
            PATTERNS.insert(pattern.into(), compiled.clone());
            compiled
        }
    };
    let compiled =
        compiled.ok_or_else(|| Error::argument(format!("invalid matches() pattern: {pattern}")))?;
    Ok(Value::Bool(compiled.is_match(subject)))
}

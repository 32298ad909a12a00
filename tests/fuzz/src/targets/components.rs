//! Whole components, to bundles.

#[path = "../../../../crates/compile/tests/it/snapshots.rs"]
mod snapshots;

use serde_json::Value;

use compile::{Compiler, Limits};

/// Less than usual, so that inputs meet the limits.
const LIMITS: Limits = Limits {
    cache_bytes: 0,
    render_steps: 50_000,
    render_bytes: 1 << 20,
};
/// Bytes of a bundle's text for each that a render may build: escapes and quotes are not counted, nor is what is
/// added to every object.
const WRITTEN: u64 = 8;

pub(super) fn component(input: &str) -> Result<(), String> {
    let input: Value = serde_json::from_str(input).unwrap_or_default();
    let Ok(snapshot) = snapshots::snapshot(&input) else {
        return Ok(());
    };
    let render = |limits| Compiler::with_limits(limits).component(&snapshot);
    let generous = Limits {
        render_steps: LIMITS.render_steps * 2,
        render_bytes: LIMITS.render_bytes * 2,
        ..LIMITS
    };
    let first = match (render(LIMITS), render(LIMITS)) {
        (Ok(first), Ok(second)) if first.digest == second.digest => first,
        (Err(first), Err(second)) if first.to_string() == second.to_string() => {
            return match first.is_empty() {
                true => Err("refused without a reason".to_owned()),
                false => Ok(()),
            };
        }
        (first, second) => return Err(format!("two results: {first:?} and {second:?}")),
    };
    let length = first.bundle.to_text().len() as u64;
    if length > WRITTEN * LIMITS.render_bytes {
        return Err(format!("a bundle of {length} bytes"));
    }
    match render(generous) {
        Ok(third) if third.digest == first.digest => Ok(()),
        other => Err(format!("another result with more to spend: {other:?}")),
    }
}

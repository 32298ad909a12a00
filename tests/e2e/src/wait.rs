//! Waiting for what must come true.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(100);

/// Looks until `look` succeeds and returns what it found and how long that took.
///
/// # Errors
/// It did not within the limit; the error is the last one of `look`.
pub(crate) fn until<T>(
    limit: Duration,
    what: &str,
    mut look: impl FnMut() -> Result<T>,
) -> Result<(T, Duration)> {
    let began = Instant::now();
    loop {
        match look() {
            Ok(found) => return Ok((found, began.elapsed())),
            Err(error) if began.elapsed() >= limit => {
                return Err(error).with_context(|| format!("{what}: not within {limit:?}"));
            }
            Err(_) => std::thread::sleep(LOOK),
        }
    }
}

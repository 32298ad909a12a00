//! Waiting for a condition, which tests do instead of sleeping.

use std::time::Duration;

use tokio::time::Instant;

/// How long between two looks.
const INTERVAL: Duration = Duration::from_millis(10);

/// Looks again and again until `look` gives something, and gives it.
///
/// # Panics
///
/// When `deadline` passes first; the message is `what`, which says what was waited for.
pub async fn until<T, F, Fut>(what: &str, deadline: Duration, mut look: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let end = Instant::now() + deadline;
    loop {
        match tokio::time::timeout_at(end, look()).await {
            Ok(Some(found)) => return found,
            Ok(None) if Instant::now() < end => tokio::time::sleep(INTERVAL).await,
            Ok(None) | Err(_) => panic!("waited {deadline:?} in vain: {what}"),
        }
    }
}

/// As [`until`], for a condition that is looked at without waiting.
///
/// # Panics
///
/// When `deadline` passes first.
pub async fn until_true(what: &str, deadline: Duration, mut look: impl FnMut() -> bool) {
    until(what, deadline, || std::future::ready(look().then_some(()))).await;
}

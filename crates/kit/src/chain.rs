//! An error with all its causes in one line.

use std::error::Error;

/// The error and its sources, outermost first, joined by `: `.
///
/// A source whose text already ends the text before it is left out, so that errors of other crates which repeat
/// their source in `Display` are not written twice.
///
/// ```
/// # fn log(error: &std::io::Error) {
/// tracing::warn!(error = %kit::chain(error), "the listener stopped");
/// # }
/// ```
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let cause = source.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot load the key")]
    struct Outer(#[source] Middle);

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read `key`: {0}")]
    struct Middle(#[source] std::io::Error);

    #[test]
    fn every_cause_is_named_once() {
        let error = Outer(Middle(std::io::Error::other("permission denied")));
        assert_eq!(
            chain(&error),
            "cannot load the key: cannot read `key`: permission denied"
        );
    }
}

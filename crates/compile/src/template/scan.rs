//! Finding `${…}` in text.

use super::error::{Error, Reason};

/// An expression in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expression<'a> {
    /// Byte offset of the `$`.
    pub start: usize,
    /// Byte offset after the closing brace.
    pub end: usize,
    /// What stands between the delimiters.
    pub source: &'a str,
}

/// Finds the expressions of a text, from left to right.
///
/// Braces are counted, but for those inside of quotes, where a backslash escapes the next character. What follows an
/// unclosed `${` is text.
///
/// # Errors
/// [`Reason::Nested`] for a `${` inside of an expression that does not stand in quotes.
pub fn find_expressions(text: &str) -> Result<Vec<Expression<'_>>, Error> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let Some(end) = closing(text, start)? else {
            break;
        };
        found.push(Expression {
            start,
            end,
            source: &text[start + 2..end - 1],
        });
        from = end;
    }
    Ok(found)
}

/// The offset after the brace that closes the expression which starts here. All that matters is
/// ASCII, so bytes will do.
fn closing(text: &str, start: usize) -> Result<Option<usize>, Error> {
    let bytes = text.as_bytes();
    let mut depth = 1_usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in bytes.iter().copied().enumerate().skip(start + 2) {
        let was_escaped = std::mem::take(&mut escaped);
        match (quote, byte) {
            (Some(_), b'\\') => escaped = !was_escaped,
            (Some(open), b'\'' | b'"') if byte == open && !was_escaped => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'$') if bytes.get(at + 1) == Some(&b'{') => {
                return Err(Error::new(Reason::Nested(text[start..at + 2].to_owned())));
            }
            (None, b'{') => depth += 1,
            (None, b'}') => {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(at + 1));
                }
            }
            (None, _) => {}
        }
    }
    Ok(None)
}

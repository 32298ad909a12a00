//! What stands for itself in which part of a URL, and what is written as `%XX`.

use std::fmt::Write as _;

use super::super::quoted;

/// A part of a URL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    User,
    Host,
    /// What follows `%25` in an address in brackets.
    Zone,
    Path,
    Query,
    Fragment,
}

/// Whether a byte stands for itself in a part.
fn is_plain(byte: u8, part: Part) -> bool {
    let more: &[u8] = match part {
        Part::User => b"-_.~$&+,;=",
        Part::Host | Part::Zone => b"-_.~!$&'()*+,;=:[]<>\"",
        Part::Path => b"-_.~$&+,/:;=@",
        Part::Query => b"-_.~",
        Part::Fragment => b"-_.~$&+,/:;=?@!()*",
    };
    byte.is_ascii_alphanumeric() || more.contains(&byte)
}

/// Whether a text could be the escaped form of a part, if not the one that would be chosen.
pub(super) fn is_escaped(text: &str, part: Part) -> bool {
    text.bytes()
        .all(|byte| b"!$&'()*+,;=:@[]%".contains(&byte) || is_plain(byte, part))
}

/// The escaped form of a part as it was written or, where it is none, of what it means.
pub(super) fn escaped(text: &str, part: Part) -> Result<String, String> {
    let plain = unescape(text, part)?;
    Ok(if is_escaped(text, part) {
        text.to_owned()
    } else {
        escape(&plain, part)
    })
}

pub(super) fn escape(bytes: &[u8], part: Part) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if is_plain(*byte, part) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// What a part means.
///
/// # Errors
/// There is a `%` without two digits after it, or one that the part may not hold.
pub(super) fn unescape(text: &str, part: Part) -> Result<Vec<u8>, String> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = match first {
            b'%' => {
                plain.push(code(rest, part)?);
                &rest[3..]
            }
            b'+' if part == Part::Query => {
                plain.push(b' ');
                after
            }
            byte => {
                let host = matches!(part, Part::Host | Part::Zone);
                if host && byte.is_ascii() && !is_plain(*byte, part) {
                    let symbol = quoted(&char::from(*byte).to_string());
                    return Err(format!("invalid character {symbol} in host name"));
                }
                plain.push(*byte);
                after
            }
        };
    }
    Ok(plain)
}

/// The byte that the `%XX` at the start means.
fn code(rest: &[u8], part: Part) -> Result<u8, String> {
    let escape = &rest[..rest.len().min(3)];
    let wrong = || {
        let escape = quoted(&String::from_utf8_lossy(escape));
        format!("invalid URL escape {escape}")
    };
    let digits = escape
        .get(1..3)
        .and_then(|digits| str::from_utf8(digits).ok());
    let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let byte = byte.ok_or_else(wrong)?;
    let allowed = match part {
        // A host escapes what is not ASCII, and the percent sign before a zone.
        Part::Host => !byte.is_ascii() || escape == b"%25",
        Part::Zone => escape == b"%25" || byte == b' ' || is_plain(byte, Part::Host),
        _ => true,
    };
    if allowed { Ok(byte) } else { Err(wrong()) }
}

/// Text of bytes; what is none is replaced.
pub(super) fn readable(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

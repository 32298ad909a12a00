//! Text and bytes literals: prefixes, quotes and escapes.

use std::borrow::Cow;

use super::lexer::Lexer;
use crate::error::Error;
use crate::value::Value;

/// Reads a text or bytes literal, if one starts here.
pub(super) fn quoted(lexer: &mut Lexer<'_>) -> Result<Option<Value>, Error> {
    let at = lexer.at;
    let rest = lexer.rest();
    let prefix = super::lexer::span(rest, |c| matches!(c, 'r' | 'R' | 'b' | 'B'));
    let raw = prefix.contains(['r', 'R']);
    let bytes = prefix.contains(['b', 'B']);
    let body = &rest[prefix.len()..];
    if prefix.len() > usize::from(raw) + usize::from(bytes) || !body.starts_with(['\'', '"']) {
        return Ok(None);
    }
    let quote = ["'''", "\"\"\"", "'", "\""]
        .into_iter()
        .find(|quote| body.starts_with(quote))
        .unwrap_or("'");
    let inside = &body[quote.len()..];
    let end =
        closing(inside, quote, raw).ok_or_else(|| lexer.error(at, "unclosed string literal"))?;
    let text = with_plain_lines(&inside[..end]);
    lexer.at += prefix.len() + 2 * quote.len() + end;
    let value = unescape(&text, raw, bytes).map_err(|message| lexer.error(at, message))?;
    Ok(Some(value))
}

/// Lines of a literal end alike, however the file that holds it ends its own.
fn with_plain_lines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        text.into()
    }
}

/// Where the closing quote starts. A literal in single quotes ends with its line.
fn closing(inside: &str, quote: &str, raw: bool) -> Option<usize> {
    let mut escaped = false;
    for (index, c) in inside.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' && !raw {
            escaped = true;
        } else if inside[index..].starts_with(quote) {
            return Some(index);
        } else if quote.len() == 1 && matches!(c, '\n' | '\r') {
            return None;
        }
    }
    None
}

fn unescape(text: &str, raw: bool, bytes: bool) -> Result<Value, String> {
    if raw || !text.contains('\\') {
        return Ok(if bytes {
            Value::Bytes(text.as_bytes().into())
        } else {
            text.into()
        });
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..start]);
        rest = escape(&rest[start + 1..], bytes, &mut out)?;
    }
    out.extend_from_slice(rest.as_bytes());
    if bytes {
        return Ok(Value::Bytes(out.into()));
    }
    String::from_utf8(out)
        .map(Value::from)
        .map_err(|_| "invalid text literal".into())
}

/// Writes what the escape after a backslash stands for, and gives what follows it.
fn escape<'a>(text: &'a str, bytes: bool, out: &mut Vec<u8>) -> Result<&'a str, String> {
    let wrong = || "invalid escape sequence".to_owned();
    let mut chars = text.chars();
    let first = chars.next().ok_or_else(wrong)?;
    let simple = match first {
        'a' => Some(7),
        'b' => Some(8),
        'f' => Some(12),
        'n' => Some(b'\n'),
        'r' => Some(b'\r'),
        't' => Some(b'\t'),
        'v' => Some(11),
        '\\' | '?' | '"' | '\'' | '`' => Some(first as u8),
        _ => None,
    };
    if let Some(byte) = simple {
        out.push(byte);
        return Ok(chars.as_str());
    }
    let (digits, radix, skip) = match first {
        'x' | 'X' => (2, 16, 1),
        'u' if !bytes => (4, 16, 1),
        'U' if !bytes => (8, 16, 1),
        '0'..='3' => (3, 8, 0),
        _ => return Err(wrong()),
    };
    let number = text.get(skip..skip + digits).ok_or_else(wrong)?;
    if !number.chars().all(|c| c.is_digit(radix)) {
        return Err(wrong());
    }
    let code = u32::from_str_radix(number, radix).map_err(|_| wrong())?;
    if bytes {
        out.push(u8::try_from(code).map_err(|_| wrong())?);
    } else {
        let c = char::from_u32(code).ok_or_else(|| "invalid unicode code point".to_owned())?;
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Ok(&text[skip + digits..])
}

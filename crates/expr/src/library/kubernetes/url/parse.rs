//! URLs from text, by the rules and with the words of Go's `net/url`.

use super::super::{ip, quoted};
use super::Url;
use super::escape::{Part, escape, escaped, readable, unescape};

/// Checks that a text is an absolute URL or an absolute path, as a request may hold it: there is no fragment in one.
///
/// # Errors
/// It is not.
pub(super) fn request(text: &str) -> Result<(), String> {
    pieces(text, true)
        .and_then(|pieces| url(&pieces))
        .map(drop)
        .map_err(|reason| wrong(text, &reason))
}

/// The URL that a text is.
///
/// # Errors
/// It is none.
pub(super) fn reference(text: &str) -> Result<Url, String> {
    let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
    let mut url = pieces(before, false)
        .and_then(|pieces| url(&pieces))
        .map_err(|reason| wrong(before, &reason))?;
    if !fragment.is_empty() {
        url.whole.push('#');
        let fragment = escaped(fragment, Part::Fragment);
        url.whole
            .push_str(&fragment.map_err(|reason| wrong(text, &reason))?);
    }
    Ok(url)
}

fn wrong(text: &str, reason: &str) -> String {
    format!("parse {}: {reason}", quoted(text))
}

/// A text taken apart; nothing is unescaped.
struct Pieces<'a> {
    scheme: String,
    opaque: &'a str,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

fn pieces(text: &str, request: bool) -> Result<Pieces<'_>, String> {
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    if text.is_empty() && request {
        return Err("empty url".to_owned());
    }
    let mut pieces = Pieces {
        scheme: String::new(),
        opaque: "",
        authority: None,
        path: text,
        query: None,
    };
    if text == "*" {
        return Ok(pieces);
    }
    let (scheme, rest) = scheme(text)?;
    pieces.scheme = scheme.to_lowercase();
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    pieces.query = query;
    pieces.path = rest;
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            pieces.opaque = rest;
            pieces.path = "";
            return Ok(pieces);
        }
        if request {
            return Err("invalid URI for request".to_owned());
        }
        let first = rest.split('/').next().unwrap_or_default();
        if first.contains(':') {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let has_authority = !scheme.is_empty() || !request && !rest.starts_with("///");
    if let Some(rest) = rest.strip_prefix("//").filter(|_| has_authority) {
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        pieces.authority = Some(authority);
        pieces.path = path;
    }
    Ok(pieces)
}

/// The scheme, if there is one, and what follows.
fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, symbol) in text.bytes().enumerate() {
        match symbol {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn url(pieces: &Pieces<'_>) -> Result<Url, String> {
    let (user, host) = match pieces.authority {
        Some(authority) => split_authority(&pieces.scheme, authority)?,
        None => (None, Vec::new()),
    };
    let path = escaped(pieces.path, Part::Path)?;
    let mut whole = pieces.scheme.clone();
    if !pieces.scheme.is_empty() {
        whole.push(':');
    }
    whole.push_str(pieces.opaque);
    let named = user.is_some() || !host.is_empty();
    if named || pieces.authority.is_some() && !path.is_empty() {
        whole.push_str("//");
    }
    if let Some(user) = user {
        whole.push_str(&user);
        whole.push('@');
    }
    whole.push_str(&escape(&host, Part::Host));
    whole.push_str(&path);
    if let Some(query) = pieces.query {
        whole.push('?');
        whole.push_str(query);
    }
    Ok(Url {
        scheme: pieces.scheme.clone(),
        host: readable(host),
        path,
        query: pieces.query.unwrap_or_default().to_owned(),
        whole,
    })
}

/// Who and where: the first as it is escaped, the second as it is meant.
fn split_authority(scheme: &str, authority: &str) -> Result<(Option<String>, Vec<u8>), String> {
    let Some((user, host)) = authority.rsplit_once('@') else {
        return Ok((None, host_of(scheme, authority)?));
    };
    let host = host_of(scheme, host)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !user.bytes().all(allowed) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let parts = user.splitn(2, ':').map(|part| {
        let plain = unescape(part, Part::User)?;
        Ok(escape(&plain, Part::User))
    });
    let parts: Vec<_> = parts.collect::<Result<_, String>>()?;
    Ok((Some(parts.join(":")), host))
}

/// Host and port.
fn host_of(scheme: &str, text: &str) -> Result<Vec<u8>, String> {
    match text.rfind('[') {
        Some(0) => return literal(text),
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    let colon = match scheme {
        "http" | "https" => text.find(':'),
        // Databases have lists of hosts, each with a port.
        _ => text.rfind(':'),
    };
    check_port(colon.map_or("", |at| &text[at..]))?;
    unescape(text, Part::Host)
}

/// An address of version 6 in brackets, and a port.
fn literal(text: &str) -> Result<Vec<u8>, String> {
    let end = text.rfind(']').ok_or("missing ']' in host")?;
    let (address, port) = (&text[1..end], &text[end + 1..]);
    check_port(port)?;
    let zone = address.find("%25").unwrap_or(address.len());
    let mut host = unescape(&address[..zone], Part::Host)?;
    host.extend(unescape(&address[zone..], Part::Zone)?);
    let meant = String::from_utf8_lossy(&host).into_owned();
    let (address, _) = ip::parse_any(&meant).map_err(|reason| format!("invalid host: {reason}"))?;
    if address.is_ipv4() {
        return Err("invalid IP-literal".to_owned());
    }
    host.insert(0, b'[');
    host.push(b']');
    host.extend(port.bytes());
    Ok(host)
}

fn check_port(port: &str) -> Result<(), String> {
    if port.is_empty() || is_port(port) {
        return Ok(());
    }
    Err(format!("invalid port {} after host", quoted(port)))
}

/// Whether a text is a colon and digits.
pub(super) fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':');
    digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
}

//! Addresses from text, with the words of Go's `net/netip` for what is wrong.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::quoted;

/// What is wrong, and what is left of the text from where it is.
type Wrong<'a> = (&'static str, &'a str);

/// The address that a text is and its zone, empty where it has none.
///
/// # Errors
/// The text is no address.
pub(in super::super) fn parse(text: &str) -> Result<(IpAddr, &str), String> {
    let read = match text.find(['.', ':', '%']).map(|at| text.as_bytes()[at]) {
        Some(b'.') => version_4(text).map(|address| (IpAddr::V4(address), "")),
        Some(b':') => version_6(text),
        Some(_) => Err(("missing IPv6 address", "")),
        None => Err(("unable to parse IP", "")),
    };
    read.map_err(|(reason, rest)| {
        let place = match rest {
            "" => String::new(),
            rest => format!(" (at {})", quoted(rest)),
        };
        format!("ParseAddr({}): {reason}{place}", quoted(text))
    })
}

fn version_4(text: &str) -> Result<Ipv4Addr, Wrong<'_>> {
    let mut fields = [0_u8; 4];
    let mut position = 0;
    let mut digits = 0;
    let bytes = text.as_bytes();
    for (at, symbol) in bytes.iter().enumerate() {
        match symbol {
            b'0'..=b'9' => {
                if digits == 1 && fields[position] == 0 {
                    return Err(("IPv4 field has octet with leading zero", ""));
                }
                let field = u16::from(fields[position]) * 10 + u16::from(symbol - b'0');
                fields[position] =
                    u8::try_from(field).map_err(|_| ("IPv4 field has value >255", ""))?;
                digits += 1;
            }
            b'.' => {
                if digits == 0 || at + 1 == bytes.len() {
                    return Err(("IPv4 field must have at least one digit", &text[at..]));
                }
                if position == 3 {
                    return Err(("IPv4 address too long", ""));
                }
                position += 1;
                digits = 0;
            }
            _ => return Err(("unexpected character", &text[at..])),
        }
    }
    if position < 3 {
        return Err(("IPv4 address too short", ""));
    }
    Ok(fields.into())
}

fn version_6(text: &str) -> Result<(IpAddr, &str), Wrong<'_>> {
    let (text, zone) = match text.split_once('%') {
        Some((_, "")) => return Err(("zone must be a non-empty string", "")),
        Some((text, zone)) => (text, zone),
        None => (text, ""),
    };
    let mut fields = Vec::with_capacity(8);
    let gap = groups(text, &mut fields)?;
    let missing = 8 - fields.len();
    match gap {
        None if missing > 0 => return Err(("address string too short", "")),
        Some(_) if missing == 0 => {
            return Err(("the :: must expand to at least one field of zeros", ""));
        }
        None => {}
        Some(gap) => {
            fields.splice(gap..gap, std::iter::repeat_n(0, missing));
        }
    }
    let mut address = [0; 8];
    address.copy_from_slice(&fields);
    Ok((IpAddr::V6(Ipv6Addr::from(address)), zone))
}

/// Reads the groups that are written, eight at most, and gives the place of the gap `::`.
fn groups<'a>(text: &'a str, fields: &mut Vec<u16>) -> Result<Option<usize>, Wrong<'a>> {
    let mut rest = text;
    let mut gap = None;
    if let Some(after) = rest.strip_prefix("::") {
        gap = Some(0);
        rest = after;
        if rest.is_empty() {
            return Ok(gap);
        }
    }
    while fields.len() < 8 {
        let (group, after) = group(rest)?;
        if after.starts_with('.') {
            embedded(rest, gap, fields)?;
            return Ok(gap);
        }
        fields.push(group);
        if after.is_empty() {
            return Ok(gap);
        }
        let Some(next) = after.strip_prefix(':') else {
            return Err(("unexpected character, want colon", after));
        };
        if next.is_empty() {
            return Err(("colon must be followed by more characters", after));
        }
        rest = next;
        if let Some(next) = rest.strip_prefix(':') {
            if gap.is_some() {
                return Err(("multiple :: in address", rest));
            }
            gap = Some(fields.len());
            rest = next;
            if rest.is_empty() {
                return Ok(gap);
            }
        }
    }
    Err(("trailing garbage after address", rest))
}

/// The group that a text begins with, and what follows.
fn group(text: &str) -> Result<(u16, &str), Wrong<'_>> {
    let end = text.find(|symbol: char| !symbol.is_ascii_hexdigit());
    let (digits, after) = text.split_at(end.unwrap_or(text.len()));
    match digits.len() {
        0 => Err((
            "each colon-separated field must have at least one digit",
            text,
        )),
        1..=4 => Ok((u16::from_str_radix(digits, 16).unwrap_or_default(), after)),
        _ => Err(("each group must have 4 or less digits", text)),
    }
}

/// Reads an address of version 4 that ends one of version 6.
fn embedded<'a>(text: &'a str, gap: Option<usize>, fields: &mut Vec<u16>) -> Result<(), Wrong<'a>> {
    if gap.is_none() && fields.len() != 6 {
        return Err((
            "embedded IPv4 address must replace the final 2 fields of the address",
            text,
        ));
    }
    if fields.len() > 6 {
        return Err((
            "too many hex fields to fit an embedded IPv4 at the end of the address",
            text,
        ));
    }
    let [a, b, c, d] = version_4(text)?.octets();
    fields.push(u16::from_be_bytes([a, b]));
    fields.push(u16::from_be_bytes([c, d]));
    Ok(())
}

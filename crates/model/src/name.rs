//! Names: which are valid, and how the platform makes them from parts.
//!
//! The generator is OpenChoreo's `GenerateK8sName` (reference 1.8), byte for byte for ASCII input, so
//! that a migration renames nothing. Letters outside ASCII, which it keeps and Kubernetes refuses,
//! become `-` here.

use std::borrow::Cow;

use crate::Digest;

/// Pattern of names that may be used where a DNS label is needed.
pub const LABEL: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// Longest object name.
pub const MAX_NAME: usize = 253;
/// Longest DNS label: namespaces, Services, label values.
pub const MAX_LABEL: usize = 63;
/// Longest name of a CronJob, whose Jobs get a suffix.
pub const MAX_CRON_JOB: usize = 52;

/// Whether `text` is an RFC 1123 label.
#[must_use]
pub fn is_dns_label(text: &str) -> bool {
    let edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    matches!(bytes, [first, .., last] if edge(*first) && edge(*last))
        && bytes.len() <= MAX_LABEL
        && bytes.iter().all(|byte| edge(*byte) || *byte == b'-')
        || matches!(bytes, [only] if edge(*only))
}

/// Whether `text` is an RFC 1123 subdomain: labels joined by dots, at most 253 characters.
#[must_use]
pub fn is_dns_subdomain(text: &str) -> bool {
    let edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= MAX_NAME
        && text.split('.').all(|label| {
            let bytes = label.as_bytes();
            !bytes.is_empty()
                && edge(bytes[0])
                && edge(bytes[bytes.len() - 1])
                && bytes.iter().all(|byte| edge(*byte) || *byte == b'-')
        })
}

/// A name made of `parts`, at most `limit` long, ending in 8 hexadecimal digits of the SHA-256 of
/// the parts joined by `-`.
#[must_use]
pub fn generate(parts: &[&str], limit: usize) -> String {
    generate_with_extra(parts, None, limit)
}

/// As [`generate`], with `extra` in the hash but not in the readable part.
#[must_use]
pub fn generate_with_extra(parts: &[&str], extra: Option<&str>, limit: usize) -> String {
    const HASH: usize = 8;
    let mut hashed = parts.join("-");
    if let Some(extra) = extra.filter(|extra| !extra.is_empty()) {
        hashed.push('-');
        hashed.push_str(extra);
    }
    let hash = &Digest::of(hashed.as_bytes()).to_string()[..HASH];
    let clean: Vec<_> = parts.iter().map(|part| sanitize(part)).collect();
    let budget = limit.saturating_sub(HASH + parts.len());
    let (share, rest) = match parts.len() {
        0 => (0, 0),
        count => (budget / count, budget % count),
    };
    let shortened = clean.iter().enumerate().map(|(index, part)| {
        let keep = part.len().min(share + usize::from(index < rest));
        part[..keep].trim_end_matches('.')
    });
    let readable = shortened.collect::<Vec<_>>().join("-");
    match readable.trim_matches(['-', '.']) {
        "" => hash.to_owned(),
        readable => format!("{readable}-{hash}"),
    }
}

fn sanitize(part: &str) -> Cow<'_, str> {
    let is_clean = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    if part.bytes().all(is_clean) {
        return Cow::Borrowed(part.trim_matches(['-', '.']));
    }
    let lower: String = part
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' || c == '.' {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    Cow::Owned(lower.trim_matches(['-', '.']).to_owned())
}

/// FNV-1a, 32 bits.
#[must_use]
pub fn fnv1a_32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

/// A short suffix for content-named objects, without vowels or look-alike digits, as Kubernetes
/// writes pod template hashes (`rand.SafeEncodeString`).
#[must_use]
pub fn safe_encode(number: u64) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    number
        .to_string()
        .bytes()
        .map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_are_those_of_the_reference() {
        assert_eq!(
            generate(&["Hello World!"], MAX_NAME),
            "hello-world-7f83b165"
        );
        assert_eq!(
            generate(&["my-app", "v1.2.3"], MAX_NAME),
            "my-app-v1.2.3-4f878dd8"
        );
        assert!(generate(&["front", "-", "end"], MAX_NAME).starts_with("front--end-"));
    }

    #[test]
    fn a_generated_label_fits() {
        let long = "a".repeat(80);
        let name = generate(&["dp", &long, &long, "é"], MAX_LABEL);
        assert!(name.len() <= MAX_LABEL && is_dns_label(&name), "{name}");
    }
}

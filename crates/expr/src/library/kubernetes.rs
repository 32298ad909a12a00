//! The functions that Kubernetes adds to the language for the rules of its objects (`x-kubernetes-validations`), as
//! of version 1.33: quantities, addresses, networks, URLs, versions, formats, and more for text and lists.
//!
//! Only environments that ask for it have it. Texts are read and errors worded as there, where both follow the
//! packages of Go that it is made of: so texts are read here rather than by the parsers of Rust, which take others.

mod cidr;
mod formats;
mod ip;
mod lists;
mod order;
mod quantity;
mod semver;
mod text;
mod url;

use std::fmt::Write as _;
use std::sync::LazyLock;

use super::{Function, Library, STANDARD_TABLES, convert, global, mismatch};
use crate::error::Error;
use crate::value::{Opaque, Value};

/// The standard library with this one. Its functions come first: one that bears the name of a standard function does
/// what that does, and more.
pub(super) static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let tables = [
        CONVERSIONS,
        cidr::FUNCTIONS,
        formats::FUNCTIONS,
        ip::FUNCTIONS,
        lists::FUNCTIONS,
        order::FUNCTIONS,
        quantity::FUNCTIONS,
        semver::FUNCTIONS,
        text::FUNCTIONS,
        url::FUNCTIONS,
    ];
    Library::of(tables.into_iter().chain(STANDARD_TABLES), TYPES)
});

/// The types that an expression can name. The others have a name in signatures and messages alone.
const TYPES: &[&str] = &[cidr::TYPE, ip::TYPE];

const CONVERSIONS: &[Function] = &[global(
    "string",
    &["net.IP -> string", "net.CIDR -> string"],
    convert::string,
)];

/// An argument that is of a type of this library.
fn opaque<'a, T: Opaque>(
    function: &str,
    arguments: &'a [Value],
    index: usize,
) -> Result<&'a T, Error> {
    match arguments.get(index) {
        Some(Value::Opaque(opaque)) => opaque.downcast(),
        _ => None,
    }
    .ok_or_else(|| mismatch(function, arguments))
}

/// A text between quotation marks, with escapes for what cannot be read, as Go writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for symbol in text.chars() {
        let escape = match symbol {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\x07' => "\\a",
            '\x08' => "\\b",
            '\x0c' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\x0b' => "\\v",
            other => {
                unnamed(other, &mut quoted);
                continue;
            }
        };
        quoted.push_str(escape);
    }
    quoted.push('"');
    quoted
}

/// Writing to a text cannot fail.
fn unnamed(symbol: char, out: &mut String) {
    let code = u32::from(symbol);
    // What can be printed is escaped by Rust to itself, or is a mark that goes with the letter before.
    let printed = symbol == '\'' || !symbol.escape_debug().to_string().starts_with("\\u");
    let _ = match code {
        _ if printed => write!(out, "{symbol}"),
        0..0x80 => write!(out, "\\x{code:02x}"),
        0x80..0x1_0000 => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_of_the_library_is_one() {
        let tables = LIBRARY.functions.iter();
        for (name, styles) in tables {
            for named in styles {
                assert_eq!(named.signatures.len(), named.functions.len(), "{name}");
            }
        }
    }

    #[test]
    fn texts_are_quoted_as_go_does() {
        let text = "a\"\\\n\x01é\u{a0}\u{200b}\u{1f600}\u{e0001}'";
        assert_eq!(
            quoted(text),
            "\"a\\\"\\\\\\n\\x01é\\u00a0\\u200b😀\\U000e0001'\""
        );
    }
}

//! Text to tokens.

use super::literal;
use super::token::{Token, TokenKind};
use crate::error::{Error, Position};
use crate::value::Value;

/// Longest first, so that the first that fits is the right one.
const SYMBOLS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", ".", ",",
    "(", ")", "[", "]", "{", "}",
];

/// Splits the text into tokens, the last of which is [`TokenKind::End`].
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, Error> {
    let mut lexer = Lexer { source, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let last = token.kind == TokenKind::End;
        tokens.push(token);
        if last {
            return Ok(tokens);
        }
    }
}

pub(super) struct Lexer<'a> {
    pub(super) source: &'a str,
    pub(super) at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    pub(super) fn error(&self, at: usize, message: impl Into<String>) -> Error {
        Error::Syntax {
            at: Position::of(self.source, at),
            message: message.into(),
        }
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with("//") {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn next(&mut self) -> Result<Token, Error> {
        self.skip_blanks();
        let at = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token {
                kind: TokenKind::End,
                at,
                end: at,
            });
        };
        let second = rest.as_bytes().get(1).copied().unwrap_or_default();
        let kind = if first.is_ascii_digit() || first == '.' && second.is_ascii_digit() {
            self.number()?
        } else if let Some(value) = literal::quoted(self)? {
            TokenKind::Literal(value)
        } else if first == '_' || first.is_ascii_alphabetic() {
            let end = rest
                .find(|c: char| c != '_' && !c.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            self.at += end;
            TokenKind::Word(rest[..end].into())
        } else if first == '`' {
            self.backticked()?
        } else {
            let symbol = SYMBOLS
                .iter()
                .find(|symbol| rest.starts_with(**symbol))
                .ok_or_else(|| self.error(at, format!("unexpected character {first:?}")))?;
            self.at += symbol.len();
            TokenKind::Symbol(symbol)
        };
        let end = self.at;
        Ok(Token { kind, at, end })
    }

    fn backticked(&mut self) -> Result<TokenKind, Error> {
        let inside = &self.rest()[1..];
        let end = inside
            .find('`')
            .ok_or_else(|| self.error(self.at, "unclosed backtick"))?;
        let name = &inside[..end];
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ' ');
        if name.is_empty() || !name.chars().all(plain) {
            return Err(self.error(self.at, format!("'{name}' cannot stand in backticks")));
        }
        self.at += end + 2;
        Ok(TokenKind::Quoted(name.into()))
    }

    fn number(&mut self) -> Result<TokenKind, Error> {
        let at = self.at;
        let rest = self.rest();
        if let Some(hex) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
            let digits = span(hex, |c| c.is_ascii_hexdigit());
            self.at += 2 + digits.len();
            return self.integer(at, digits, 16);
        }
        let whole = span(rest, |c| c.is_ascii_digit());
        let mut length = whole.len();
        let fraction = rest[length..]
            .strip_prefix('.')
            .map(|after| span(after, |c| c.is_ascii_digit()));
        let fraction = fraction.filter(|digits| !digits.is_empty());
        length += fraction.map_or(0, |digits| digits.len() + 1);
        let exponent = exponent(&rest[length..]);
        length += exponent;
        self.at += length;
        if fraction.is_none() && exponent == 0 {
            return self.integer(at, whole, 10);
        }
        let double: f64 = rest[..length]
            .parse()
            .map_err(|_| self.error(at, "invalid double literal"))?;
        if double.is_infinite() {
            return Err(self.error(at, "invalid double literal"));
        }
        Ok(TokenKind::Literal(Value::Double(double)))
    }

    fn integer(&mut self, at: usize, digits: &str, radix: u32) -> Result<TokenKind, Error> {
        let unsigned = self.rest().starts_with(['u', 'U']);
        self.at += usize::from(unsigned);
        let value = u64::from_str_radix(digits, radix);
        if unsigned {
            let value = value.map_err(|_| self.error(at, "invalid uint literal"))?;
            return Ok(TokenKind::Literal(Value::Uint(value)));
        }
        value
            .map(TokenKind::Integer)
            .map_err(|_| self.error(at, "invalid int literal"))
    }
}

/// The longest start of `text` whose characters all satisfy `inside`.
pub(super) fn span(text: &str, inside: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|c| !inside(c)).unwrap_or(text.len())]
}

/// The length of the exponent that `text` starts with, or zero.
fn exponent(text: &str) -> usize {
    let Some(after) = text.strip_prefix(['e', 'E']) else {
        return 0;
    };
    let digits = after.strip_prefix(['+', '-']).unwrap_or(after);
    let count = span(digits, |c| c.is_ascii_digit()).len();
    if count == 0 {
        0
    } else {
        text.len() - digits.len() + count
    }
}

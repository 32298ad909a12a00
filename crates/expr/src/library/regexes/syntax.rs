//! Patterns of the language (RE2) in the syntax of the engine that matches them.
//!
//! There `\d`, `\w`, `\s` and `\b` mean ASCII, a class in brackets holds no other class and has no operators, and text
//! may stand between `\Q` and `\E`. What is the same is left as it is, and so is what is wrong.

/// The pattern as the engine reads it.
pub(super) fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(symbol) = rest.chars().next() {
        let after = &rest[symbol.len_utf8()..];
        rest = match symbol {
            '\\' => escape(after, false, &mut out),
            '[' => class(after, &mut out),
            '{' if !is_count(after) => {
                out.push_str("\\{");
                after
            }
            other => {
                out.push(other);
                after
            }
        };
    }
    out
}

/// Whether what follows an opening brace says how often something is repeated; the brace is a character else.
fn is_count(text: &str) -> bool {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((inside, _)) = text.split_once('}') else {
        return false;
    };
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    !least.is_empty() && number(least) && number(most)
}

/// Writes a class in brackets whose opening one was read, and gives what follows it.
fn class<'a>(text: &'a str, out: &mut String) -> &'a str {
    out.push('[');
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    // A closing bracket that comes first is a member.
    if let Some(after) = rest.strip_prefix(']') {
        out.push_str("\\]");
        rest = after;
    }
    while let Some(symbol) = rest.chars().next() {
        let after = &rest[symbol.len_utf8()..];
        rest = match symbol {
            ']' => {
                out.push(']');
                return after;
            }
            '\\' => escape(after, true, out),
            '[' => match after.find(":]").filter(|_| after.starts_with(':')) {
                // A class with a name, such as `[:alpha:]`.
                Some(end) => {
                    let (name, after) = after.split_at(end + 2);
                    out.push('[');
                    out.push_str(name);
                    after
                }
                None => {
                    out.push_str("\\[");
                    after
                }
            },
            '&' | '~' => {
                out.push('\\');
                out.push(symbol);
                after
            }
            other => {
                out.push(other);
                after
            }
        };
    }
    rest
}

/// Writes what a backslash that was read begins, and gives what follows.
fn escape<'a>(text: &'a str, within_class: bool, out: &mut String) -> &'a str {
    let Some(symbol) = text.chars().next() else {
        out.push('\\');
        return text;
    };
    let after = &text[symbol.len_utf8()..];
    if symbol == 'Q' && !within_class {
        let (plain, after) = after.split_once("\\E").unwrap_or((after, ""));
        out.push_str(&regex::escape(plain));
        return after;
    }
    // The braces of `\p{…}` and `\x{…}` are no count.
    if let Some(name) = after.strip_prefix('{')
        && matches!(symbol, 'p' | 'P' | 'x')
    {
        out.push('\\');
        out.push(symbol);
        out.push('{');
        return name;
    }
    let meant = match symbol {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        's' => "[\\t\\n\\f\\r\\x20]",
        'S' => "[^\\t\\n\\f\\r\\x20]",
        'b' if !within_class => "(?-u:\\b)",
        _ => "",
    };
    out.push_str(meant);
    if meant.is_empty() {
        out.push('\\');
        out.push(symbol);
    }
    after
}

#[cfg(test)]
mod tests {
    use super::translated;

    #[test]
    fn what_differs_is_translated() {
        for (pattern, expected) in [
            ("^a+(b|c)*$", "^a+(b|c)*$"),
            (r"\d\w\.", r"[0-9][0-9A-Za-z_]\."),
            (r"[\d.-]", "[[0-9].-]"),
            ("[[a]", r"[\[a]"),
            ("[]a]b", r"[\]a]b"),
            ("[^]a]", r"[^\]a]"),
            ("[a&&b~~]", r"[a\&\&b\~\~]"),
            ("[[:alpha:]x]", "[[:alpha:]x]"),
            (r"\Qa.b\E.", r"a\.b."),
            (r"\Qa.", r"a\."),
            (r"\bx", r"(?-u:\b)x"),
            (r"[\]]\\d", r"[\]]\\d"),
            ("a{2}b{1,}c{1,2}", "a{2}b{1,}c{1,2}"),
            ("{a{,2}b{x}", r"\{a\{,2}b\{x}"),
            (r"\pL\p{Greek}", r"\pL\p{Greek}"),
            ("é\\", "é\\"),
            ("[a", "[a"),
        ] {
            assert_eq!(translated(pattern), expected, "{pattern}");
        }
    }
}

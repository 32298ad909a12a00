//! What functions take and give, written as in the documents of the language.

use std::collections::HashMap;
use std::sync::Arc;

use super::StaticType;

/// One overload of a function: `string, int -> string`.
///
/// A single capital letter stands for any type, `T...` for one argument or more; what begins with `else` is
/// looked at only where no overload before it fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    fallback: bool,
    parameters: Vec<StaticType>,
    /// Whether the last parameter may be repeated.
    repeats: bool,
    pub(crate) result: StaticType,
}

impl Signature {
    /// Reads a signature; `None` if it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (text, fallback) = match text.strip_prefix("else ") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (parameters, result) = text.split_once("->")?;
        let parameters = parameters.trim();
        let (parameters, repeats) = match parameters.strip_suffix("...") {
            Some(before) => (before, true),
            None => (parameters, false),
        };
        let parameters = split(parameters)?
            .into_iter()
            .map(parse)
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            fallback,
            repeats: repeats && !parameters.is_empty(),
            parameters,
            result: parse(result)?,
        })
    }

    pub(crate) const fn is_fallback(&self) -> bool {
        self.fallback
    }

    /// Whether it takes so many arguments.
    pub(crate) const fn takes(&self, count: usize) -> bool {
        let named = self.parameters.len();
        count == named || self.repeats && count > named
    }

    /// The types of so many arguments, if it takes as many.
    pub(crate) fn parameters(&self, count: usize) -> Option<impl Iterator<Item = &StaticType>> {
        let last = self.parameters.last();
        let repeated = count.saturating_sub(self.parameters.len());
        self.takes(count).then(|| {
            let more = last
                .into_iter()
                .flat_map(move |last| std::iter::repeat_n(last, repeated));
            self.parameters.iter().chain(more)
        })
    }
}

/// Splits at the commas that stand in no parentheses.
fn split(text: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, symbol) in text.char_indices() {
        match symbol {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !text[start..].trim().is_empty() {
        parts.push(&text[start..]);
    }
    (depth == 0).then_some(parts)
}

fn parse(text: &str) -> Option<StaticType> {
    let text = text.trim();
    if let Some((name, inside)) = text.split_once('(') {
        let inside = split(inside.strip_suffix(')')?)?;
        let inside: Vec<_> = inside.into_iter().map(parse).collect::<Option<_>>()?;
        return Some(match (name, &*inside) {
            ("list", [item]) => StaticType::list(item.clone()),
            ("optional", [held]) => StaticType::optional(held.clone()),
            ("type", [of]) => StaticType::type_of(of.clone()),
            ("map", [key, value]) => StaticType::map(key.clone(), value.clone()),
            ("list" | "optional" | "type" | "map", _) => return None,
            (name, _) => StaticType::opaque(name, inside),
        });
    }
    Some(match text {
        "dyn" => StaticType::Dyn,
        "null" => StaticType::Null,
        "bool" => StaticType::Bool,
        "int" => StaticType::Int,
        "uint" => StaticType::Uint,
        "double" => StaticType::Double,
        "string" => StaticType::String,
        "bytes" => StaticType::Bytes,
        "timestamp" => StaticType::Timestamp,
        "duration" => StaticType::Duration,
        "" => return None,
        name => {
            let mut letters = name.chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) if letter.is_ascii_uppercase() => {
                    StaticType::Parameter(letter)
                }
                _ => StaticType::opaque(name, Vec::new()),
            }
        }
    })
}

/// Every overload of an operator, under the name that messages use.
pub(super) fn operator(name: &str) -> &'static [Signature] {
    static OPERATORS: std::sync::LazyLock<HashMap<&str, Arc<[Signature]>>> =
        std::sync::LazyLock::new(|| {
            let parsed = TABLE.iter().map(|(name, overloads)| {
                let overloads = overloads.iter().filter_map(|text| Signature::parse(text));
                (*name, overloads.collect())
            });
            parsed.collect()
        });
    OPERATORS.get(name).map_or(&[], |overloads| overloads)
}

const ORDERED: &[&str] = &[
    "bool, bool -> bool",
    "int, int -> bool",
    "uint, uint -> bool",
    "double, double -> bool",
    "string, string -> bool",
    "bytes, bytes -> bool",
    "timestamp, timestamp -> bool",
    "duration, duration -> bool",
];

const NUMBERS: &[&str] = &[
    "int, int -> int",
    "uint, uint -> uint",
    "double, double -> double",
];

const TABLE: &[(&str, &[&str])] = &[
    (
        "_+_",
        &[
            "int, int -> int",
            "uint, uint -> uint",
            "double, double -> double",
            "string, string -> string",
            "bytes, bytes -> bytes",
            "list(A), list(A) -> list(A)",
            "timestamp, duration -> timestamp",
            "duration, timestamp -> timestamp",
            "duration, duration -> duration",
        ],
    ),
    (
        "_-_",
        &[
            "int, int -> int",
            "uint, uint -> uint",
            "double, double -> double",
            "timestamp, timestamp -> duration",
            "timestamp, duration -> timestamp",
            "duration, duration -> duration",
        ],
    ),
    ("_*_", NUMBERS),
    ("_/_", NUMBERS),
    ("_%_", &["int, int -> int", "uint, uint -> uint"]),
    ("-_", &["int -> int", "double -> double"]),
    ("!_", &["bool -> bool"]),
    ("_&&_", &["bool, bool -> bool"]),
    ("_||_", &["bool, bool -> bool"]),
    ("_?_:_", &["bool, A, A -> A"]),
    ("_==_", &["A, A -> bool"]),
    ("_!=_", &["A, A -> bool"]),
    ("_<_", ORDERED),
    ("_<=_", ORDERED),
    ("_>_", ORDERED),
    ("_>=_", ORDERED),
    ("@in", &["A, list(A) -> bool", "A, map(A, B) -> bool"]),
    (
        "_[_]",
        &[
            "list(A), int -> A",
            "map(A, B), A -> B",
            "optional(list(A)), int -> optional(A)",
            "optional(map(A, B)), A -> optional(B)",
        ],
    ),
    (
        "_[?_]",
        &[
            "list(A), int -> optional(A)",
            "optional(list(A)), int -> optional(A)",
            "map(A, B), A -> optional(B)",
            "optional(map(A, B)), A -> optional(B)",
        ],
    ),
];

//! Inputs that are almost what was recorded: text with pieces put in, taken out, repeated or swapped, and JSON
//! whose parts are changed in the same ways.

use serde_json::{Map, Value, json};

use crate::random::Random;

/// Longest input of text, in characters.
const TEXT: usize = 4096;

/// Pieces that mutations put in.
const PIECES: &[&str] = &[
    "${",
    "}",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    ".",
    "?",
    "&&",
    "||",
    "!",
    "-",
    "+ 1",
    "0",
    "1.5",
    "1u",
    "9223372036854775807",
    "null",
    "true",
    ".map(x, x)",
    ".filter(x, x)",
    ".all(x, true)",
    "has(a.b)",
    ".?b",
    "[?0]",
    ".orValue(1)",
    "\\",
    "\\u0000",
    "é",
    "\u{0}",
    "b'\\xff'",
    "in",
    "lists.range(9999)",
    ".format([1])",
    "'%s'",
    ".optMap(v, [v, v])",
    "optional.of(",
    "\"$ref\":\"#/$defs/A\",",
    "/-",
    "[*]",
    "[?(@.a=='b')]",
    "~1",
    "message M { M m = 1; }",
    "rpc R (stream A) returns (B);",
    "option (o) = { a: 1 };",
    "import 'google/protobuf/any.proto';",
    "&a [*a, *a]",
    "<<: *a",
    "? ",
    "- ",
    ": ",
    "\n  ",
];

/// A text of `seeds` with a few changes.
pub(crate) fn text(seeds: &[String], random: &mut Random) -> String {
    let mut text: Vec<char> = random
        .pick(seeds)
        .map(|seed| seed.chars().collect())
        .unwrap_or_default();
    for _ in 0..random.below(6) {
        let at = random.below(text.len() + 1);
        let to = (at + random.below(12)).min(text.len());
        match random.below(4) {
            0 => drop(text.drain(at..to)),
            1 => {
                let piece = random.text(PIECES);
                text.splice(at..at, piece.chars());
            }
            2 => {
                let copy = text[at..to].repeat(1 + random.below(8));
                text.splice(at..at, copy);
            }
            _ => {
                let other = random
                    .pick(seeds)
                    .map(|seed| seed.chars().collect::<Vec<_>>());
                let other = other.unwrap_or_default();
                let from = random.below(other.len() + 1);
                text.splice(at..to, other[from..].iter().copied().take(40));
            }
        }
    }
    text.into_iter().take(TEXT).collect()
}

/// Values that mutations put in.
fn scalar(random: &mut Random) -> Value {
    let all = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("é"),
        json!("a".repeat(300)),
        json!("${oc_omit()}"),
        json!("${metadata.name}"),
        json!("${parameters}"),
        json!("${[1, 2, 3]}"),
        json!("${{'a': oc_omit()}}"),
        json!("${lists.range(5000).map(x, string(x))}"),
        json!("$"),
        json!([]),
        json!({}),
        json!([null, [[]], {"${metadata.name}": "${metadata.name}"}]),
    ];
    random.pick(&all).cloned().unwrap_or_default()
}

/// A document of `seeds` with a few parts changed.
pub(crate) fn document(seeds: &[Value], random: &mut Random) -> Value {
    let mut document = random.pick(seeds).cloned().unwrap_or_default();
    for _ in 0..=random.below(4) {
        let donor = random.pick(seeds).cloned().unwrap_or_default();
        change(&mut document, donor, random);
    }
    document
}

/// Changes one part, often one near a leaf.
fn change(document: &mut Value, mut donor: Value, random: &mut Random) {
    let donated = std::mem::take(part(&mut donor, random));
    let part = part(document, random);
    match (random.below(6), part) {
        (0, part) => *part = scalar(random),
        (1, part) => *part = donated,
        (_, Value::String(own)) => {
            let seeds = [std::mem::take(own), donated.to_string()];
            *own = text(&seeds, random);
        }
        (_, Value::Number(number)) => {
            let texts = [number.to_string(), "-".to_owned(), "e9".to_owned()];
            let made = text(&texts, random);
            *number = made.parse().unwrap_or_else(|_| 0.into());
        }
        (_, Value::Object(map)) => change_map(map, donated, random),
        (2, Value::Array(items)) if !items.is_empty() => {
            let at = random.below(items.len());
            let copies = vec![items[at].clone(); 1 + random.below(3)];
            items.extend(copies);
        }
        (3, Value::Array(items)) => items.push(donated),
        (_, Value::Array(items)) if !items.is_empty() => {
            let at = random.below(items.len());
            drop(items.remove(at));
        }
        (_, part) => *part = scalar(random),
    }
}

fn change_map(map: &mut Map<String, Value>, donated: Value, random: &mut Random) {
    let keys: Vec<String> = map.keys().cloned().collect();
    let key = random.pick(&keys).cloned().unwrap_or_default();
    match random.below(4) {
        0 => drop(map.remove(&key)),
        1 => {
            let value = map.remove(&key).unwrap_or(donated);
            map.insert(text(&keys, random), value);
        }
        2 => drop(map.insert(key, donated)),
        _ => {
            let name = random.text(&["$ref", "default", "items", "${metadata.name}", "é", ""]);
            map.insert(name.to_owned(), scalar(random));
        }
    }
}

/// A part of a value, the value itself included.
fn part<'a>(value: &'a mut Value, random: &mut Random) -> &'a mut Value {
    let count = match value {
        Value::Array(items) => items.len(),
        Value::Object(map) => map.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    if count == 0 || random.below(8) == 0 {
        return value;
    }
    let at = random.below(count);
    match value {
        Value::Array(items) => part(&mut items[at], random),
        Value::Object(map) => match map.values_mut().nth(at) {
            Some(inner) => part(inner, random),
            None => unreachable!("the number is below the length"),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_inputs() {
        let seeds = [json!({"a": [1, {"b": "c"}], "d": {"e": "f"}}), json!([1])];
        let made = |seed| {
            let mut random = Random::new(seed);
            let all = (0..100).map(|_| document(&seeds, &mut random).to_string());
            all.collect::<Vec<_>>()
        };
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
    }
}

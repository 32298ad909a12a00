//! Where the two engines differ and ours is as it should be, by the specification of the language and its
//! reference engine.

use super::{answer::Answer, ours_in_their_numerals, theirs};

/// An expression that the engines answer differently.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) source: &'a str,
    pub(super) ours: &'a Answer,
    pub(super) theirs: &'a Answer,
}

impl Case<'_> {
    /// Whether we fail and the oracle does not, with this word.
    fn only_ours_fails(&self, word: &str) -> bool {
        matches!((self.ours, self.theirs), (Answer::Fails(why), Answer::Value(_)) if why.0.contains(word))
    }

    /// Whether the oracle fails and ours does not, with one of these words.
    fn only_theirs_fails(&self, words: &[&str]) -> bool {
        match (self.ours, self.theirs) {
            (Answer::Value(_), Answer::Fails(why)) => words.iter().any(|it| why.0.contains(it)),
            _ => false,
        }
    }
}

/// A known difference.
struct Divergence {
    /// Why ours is as it should be.
    reason: &'static str,
    /// Whether a case shows it.
    shows: fn(&Case<'_>) -> bool,
}

/// The reason for which a case is as it should be, if there is one.
pub(super) fn reason(case: &Case<'_>) -> Option<&'static str> {
    let known = DIVERGENCES.iter().find(|known| (known.shows)(case));
    known.map(|known| known.reason)
}

const DIVERGENCES: &[Divergence] = &[
    Divergence {
        reason: "the oracle defines no answer: its parser refuses the text, it lacks the function (sets, loops \
            with two variables, times), or it panics",
        shows: |case| *case.theirs == Answer::Unknown,
    },
    Divergence {
        reason: "integers and doubles are added, as a number from JSON may be either",
        shows: |case| {
            case.only_theirs_fails(&["Unsupported binary operator"])
                && case.only_theirs_fails(&["Float("])
                && case.only_theirs_fails(&["Int("])
        },
    },
    Divergence {
        reason: "doubles are written as the reference engine writes them: +Inf, 1e+30",
        shows: |case| ours_in_their_numerals(case.source).as_ref() == Some(case.theirs),
    },
    Divergence {
        reason: "a double without a fraction and an unsigned integer are taken where an integer is needed",
        shows: |case| {
            case.only_theirs_fails(&["found no matching overload"])
                && case.only_theirs_fails(&["double", "uint"])
        },
    },
    Divergence {
        reason: "a double without a fraction is a key, as the integer that it equals",
        shows: |case| case.only_theirs_fails(&["Unable to use value 'Float("]),
    },
    Divergence {
        reason: "what has no fields does not have this one either",
        shows: |case| {
            case.source.contains("has(")
                && case.only_theirs_fails(&["found no matching overload for '_._'", "No such key"])
        },
    },
    Divergence {
        reason: "what cannot be a key is in no map",
        shows: |case| case.only_theirs_fails(&["found no matching overload for '@in'"]),
    },
    Divergence {
        reason: "a list has no index that is no number, and a map no key that is none, optional or not",
        shows: |case| case.only_ours_fails("no such overload: _[_]"),
    },
    Divergence {
        reason: "loops with two variables, of which the oracle takes the names for variables of its own",
        shows: |case| case.source.contains(".transform") && matches!(case.theirs, Answer::Fails(_)),
    },
    Divergence {
        reason: "a map is not added to a list, even where both are empty",
        shows: |case| case.only_ours_fails("no such overload: _+_ applied to (list, map)"),
    },
    Divergence {
        reason: "the alternative of an optional is an optional",
        shows: |case| case.only_ours_fails("no such overload: or applied to"),
    },
    Divergence {
        reason: "an optional entry or item is made of an optional",
        shows: |case| case.only_ours_fails("cannot initialize optional"),
    },
    Divergence {
        reason: "an index behind the end of a text is refused, whatever is looked for",
        shows: |case| case.only_ours_fails("index out of range"),
    },
    Divergence {
        reason: "an index from which nothing can be found finds nothing, and is no error",
        // What it stands in may fail there with another word.
        shows: |case| case.source.contains("ndexOf(") && case.only_theirs_fails(&[""]),
    },
    Divergence {
        reason: "what stands for an absent optional is not evaluated where the optional is there",
        shows: |case| {
            let asks = ["orValue(", ".or("];
            asks.iter().any(|it| case.source.contains(it)) && case.only_theirs_fails(&[""])
        },
    },
    Divergence {
        reason: "maps are visited in the order of their keys; the oracle visits them in another one each time",
        shows: |case| (0..32).any(|_| theirs(case.source) != *case.theirs),
    },
    Divergence {
        reason: "patterns have the syntax of RE2, of which the oracle's differs in classes and escapes",
        shows: |case| {
            case.source.contains("matches(")
                && (case.only_theirs_fails(&["not a valid regex"])
                    || case.only_ours_fails("invalid matches() pattern"))
        },
    },
    Divergence {
        reason: "what is no number has a place where numbers are sorted",
        shows: |case| {
            case.source.contains(".sort") && case.only_theirs_fails(&["can not be compared"])
        },
    },
    Divergence {
        reason: "a range of less than nothing is empty",
        shows: |case| case.only_theirs_fails(&["size must be non-negative"]),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::{evaluate, ours};

    /// Each shows a divergence.
    const EXAMPLES: &[&str] = &[
        "sets.contains([1], [1])",
        "dyn(1) + dyn(1.5)",
        "string(1e30)",
        "'text'.replace('t', 'b', dyn(1.0))",
        "{dyn(0.0): 1}",
        "has(dyn(4).a)",
        "has(dyn(m.?a).a)",
        "dyn(b'') in m",
        "[1][?dyn('a')]",
        "[1].transformList(i, n, n * 2)",
        "[] + dyn({})",
        "optional.none().or(dyn([]))",
        "{?'a': dyn(1)}",
        "''.indexOf('', 15)",
        "'a'.indexOf('b', 1)",
        "lists.range(-1)",
        "parameters.map(key, key)",
        "''.matches('[[]')",
        "optional.of(1).orValue(1 / dyn(0))",
        "[0.0 / 0.0].sort()",
    ];

    #[test]
    fn every_divergence_is_there() {
        let mut reasons: Vec<&str> = DIVERGENCES.iter().map(|known| known.reason).collect();
        for source in EXAMPLES {
            let (ours, theirs) = (ours(source).unwrap(), evaluate(source));
            assert_ne!(ours, theirs, "{source}");
            let case = Case {
                source,
                ours: &ours,
                theirs: &theirs,
            };
            let shown = reason(&case);
            assert!(shown.is_some(), "{case:?}");
            reasons.retain(|reason| Some(*reason) != shown);
        }
        assert!(reasons.is_empty(), "no example of {reasons:?}");
    }
}

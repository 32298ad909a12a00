//! Expressions that a grammar makes, over what both engines have.
//!
//! Every production is a text in which `<x>` stands for an expression of type x, so that most of what is made
//! has a value. Now and then another type is put in on purpose.

use crate::random::Random;

/// Deepest nesting of what is made.
const DEPTH: usize = 5;
/// Length at which only leaves are put in, in bytes.
const LENGTH: usize = 600;

struct Rule {
    name: &'static str,
    leaves: &'static [&'static str],
    productions: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        name: "b",
        leaves: &[
            "true",
            "false",
            "b",
            "o.list[0].on",
            "has(o.deep)",
            "has(o.none)",
        ],
        productions: &[
            "<b> && <b>",
            "<b> || <b>",
            "!<b>",
            "(<b> ? <b> : <b>)",
            "<i> < <i>",
            "<i> >= <i>",
            "<d> <= <d>",
            "<i> < <d>",
            "<u> > <i>",
            "<s> < <s>",
            "<y> < <y>",
            "<b> < <b>",
            "<i> == <i>",
            "<d> == <d>",
            "<s> != <s>",
            "<l> == <l>",
            "<m> == <m>",
            "dyn(<i>) == dyn(<d>)",
            "dyn(<i>) == dyn(<s>)",
            "dyn(<u>) == dyn(<i>)",
            "<i> in <l>",
            "<s> in <t>",
            "<s> in <m>",
            "<s>.startsWith(<s>)",
            "<s>.endsWith(<s>)",
            "<s>.contains(<s>)",
            "<s>.matches('[a-c]+')",
            "<l>.all(v, v > <i>)",
            "<l>.exists(v, v == <i>)",
            "<l>.exists_one(v, v == <i>)",
            "<t>.all(v, v.size() > 0 && <b>)",
            "<l>.exists(v, 1 / v > 0)",
            "<m>.all(k, <m>[k] > 0)",
            "<m>.exists(k, k == <s>)",
            "has(<m>.a)",
            "<oi>.hasValue()",
            "<oi> == <oi>",
            "bool('true')",
            "type(<i>) == int",
            "type(<s>) == type(<s>)",
            "math.isNaN(<d>)",
        ],
    },
    Rule {
        name: "i",
        leaves: &[
            "0",
            "1",
            "-1",
            "7",
            "9223372036854775807",
            "-9223372036854775808",
            "0x1F",
            "i",
            "l[0]",
            "m.a",
            "m['b']",
        ],
        productions: &[
            "(<i> + <i>)",
            "(<i> - <i>)",
            "<i> * <i>",
            "<i> / <i>",
            "<i> % <i>",
            "-(<i>)",
            "(<b> ? <i> : <i>)",
            "size(<s>)",
            "<s>.size()",
            "size(<l>)",
            "size(<m>)",
            "size(<y>)",
            "int(<d>)",
            "int(<u>)",
            "int('<i>')",
            "int(string(<i>))",
            "<l>[<i>]",
            "<l>[0]",
            "<oi>.orValue(<i>)",
            "<oi>.value()",
            "<s>.indexOf(<s>)",
            "<s>.lastIndexOf(<s>)",
            "<s>.indexOf(<s>, <i>)",
            "math.greatest(<i>, <i>)",
            "math.least(<l>)",
            "math.abs(<i>)",
            "math.sign(<i>)",
            "math.bitAnd(<i>, <i>)",
            "math.bitShiftLeft(<i>, <i>)",
            "math.bitShiftRight(<i>, 3)",
        ],
    },
    Rule {
        name: "u",
        leaves: &["0u", "1u", "18446744073709551615u", "uint(i)"],
        productions: &[
            "(<u> + <u>)",
            "(<u> - <u>)",
            "<u> * <u>",
            "<u> / <u>",
            "<u> % <u>",
            "uint(<i>)",
            "uint(<d>)",
            "uint(string(<u>))",
            "math.greatest(<u>, <u>)",
        ],
    },
    Rule {
        name: "d",
        leaves: &[
            "0.0",
            "1.0",
            "-2.5",
            "1e300",
            "1e-3",
            "d",
            "double('NaN')",
            "double('inf')",
        ],
        productions: &[
            "(<d> + <d>)",
            "(<d> - <d>)",
            "<d> * <d>",
            "<d> / <d>",
            "-(<d>)",
            "double(<i>)",
            "double(<u>)",
            "double(string(<d>))",
            "(<b> ? <d> : <d>)",
            "math.ceil(<d>)",
            "math.floor(<d>)",
            "math.round(<d>)",
            "math.trunc(<d>)",
            "math.sqrt(<d>)",
            "math.greatest(<d>, <d>)",
        ],
    },
    Rule {
        name: "s",
        leaves: &[
            "''",
            "'a'",
            "'b,a,c'",
            "\"it's\"",
            "'é😀'",
            "r'\\d'",
            "'\\u00e9\\n'",
            "'''x'y'''",
            "'Text  '",
            "s",
            "t[1]",
            "o.list[1].name",
            "o.deep.a.b",
        ],
        productions: &[
            "<s> + <s>",
            "(<b> ? <s> : <s>)",
            "string(<i>)",
            "string(<u>)",
            "string(<b>)",
            "string(<y>)",
            "<t>[<i>]",
            "<t>.join(<s>)",
            "<t>.join()",
            "<s>.charAt(<i>)",
            "<s>.lowerAscii()",
            "<s>.upperAscii()",
            "<s>.trim()",
            "<s>.reverse()",
            "<s>.replace(<s>, <s>)",
            "<s>.replace(<s>, <s>, <i>)",
            "<s>.substring(<i>)",
            "<s>.substring(<i>, <i>)",
            "strings.quote(<s>)",
            "base64.encode(<y>)",
            "'%s|%d'.format([<s>, <i>])",
            "'%.2f %e'.format([<d>, <d>])",
            "'%x %b %o'.format([<i>, <i>, <i>])",
            "'%s'.format([<l>])",
            "'%s'.format([<m>])",
            "{'a': <s>, 'b': <s>}['a']",
            "{'a': <s>}.a",
        ],
    },
    Rule {
        name: "y",
        leaves: &["b''", "b'abc'", "b'\\xff\\x00'", "b'é'"],
        productions: &[
            "<y> + <y>",
            "bytes(<s>)",
            "base64.decode(base64.encode(<y>))",
        ],
    },
    Rule {
        name: "l",
        leaves: &["[]", "[1]", "[1, 2, 3]", "l"],
        productions: &[
            "<l> + <l>",
            "[<i>, <i>]",
            "[?<oi>, <i>]",
            "(<b> ? <l> : <l>)",
            "<l>.map(v, v + <i>)",
            "<l>.map(v, v > <i>, v * 2)",
            "<l>.filter(v, v != <i>)",
            "<l>.map(v, <l>.filter(w, w < v).size())",
            "<l>.sort()",
            "<l>.reverse()",
            "<l>.distinct()",
            "<l>.slice(<i>, <i>)",
            "[<l>, <l>].flatten()",
            "lists.range(math.abs(<i> % 5))",
            "<l>.sortBy(v, -v)",
        ],
    },
    Rule {
        name: "t",
        leaves: &["['a']", "['b', 'a', 'a']", "t", "['é', '']"],
        productions: &[
            "<t> + <t>",
            "[<s>, <s>]",
            "<s>.split(<s>)",
            "<s>.split(<s>, <i>)",
            "<t>.map(v, v + <s>)",
            "<t>.filter(v, v.contains(<s>))",
            "<t>.sort()",
            "<t>.distinct()",
            "<t>.reverse()",
            "o.list.map(v, v.name)",
        ],
    },
    Rule {
        name: "m",
        leaves: &["{}", "{'a': 1}", "m", "o.empty"],
        productions: &[
            "{'a': <i>, 'b': <i>}",
            "{<s>: <i>}",
            "{?'a': <oi>}",
            "(<b> ? <m> : <m>)",
            "[<m>, <m>][<i>]",
        ],
    },
    Rule {
        name: "oi",
        leaves: &[
            "optional.none()",
            "optional.of(1)",
            "m.?a",
            "m.?c",
            "m[?'b']",
            "l[?9]",
        ],
        productions: &[
            "optional.of(<i>)",
            "optional.ofNonZeroValue(<i>)",
            "<m>.?a",
            "<m>[?<s>]",
            "<l>[?<i>]",
            "<oi>.or(<oi>)",
            "<oi>.optMap(v, v + <i>)",
            "<oi>.optFlatMap(v, optional.of(v))",
        ],
    },
];

/// A random expression.
pub(crate) fn generate(random: &mut Random) -> String {
    let mut text = String::new();
    let rule = random.below(RULES.len());
    expand(rule, DEPTH, random, &mut text);
    text
}

fn expand(rule: usize, depth: usize, random: &mut Random, text: &mut String) {
    let rule = &RULES[rule];
    let leaf = depth == 0 || text.len() > LENGTH || random.below(4) == 0;
    let mut rest = random.text(if leaf { rule.leaves } else { rule.productions });
    while let Some((before, name, after)) = placeholder(rest) {
        text.push_str(before);
        rest = after;
        match RULES.iter().position(|rule| rule.name == name) {
            Some(_) if random.below(50) == 0 => {
                text.push_str("dyn(");
                expand(random.below(RULES.len()), 0, random, text);
                text.push(')');
            }
            Some(inner) => expand(inner, depth.saturating_sub(1), random, text),
            None => {}
        }
    }
    text.push_str(rest);
}

/// Text, the name in the first brackets, and what follows.
fn placeholder(text: &'static str) -> Option<(&'static str, &'static str, &'static str)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find('<')?;
        let close = open + text[open..].find('>')?;
        let name = &text[open + 1..close];
        if RULES.iter().any(|rule| rule.name == name) {
            return Some((&text[..open], name, &text[close + 1..]));
        }
        from = open + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_replaced() {
        let mut random = Random::new(1);
        for _ in 0..2000 {
            let made = generate(&mut random);
            assert!(
                !made.is_empty() && placeholder_in(&made).is_none(),
                "{made}"
            );
        }
    }

    fn placeholder_in(made: &str) -> Option<&Rule> {
        RULES
            .iter()
            .find(|rule| made.contains(&format!("<{}>", rule.name)))
    }
}

//! No text and no value makes the engine panic, run on, or grow without bound.

use proptest::prelude::*;
use serde_json::json;

use expr::{Bindings, Environment, Error, Limits, Numbers, Value};

fn evaluate(source: &str) -> Result<Value, Error> {
    let context = json!({
        "s": "héllo", "n": 3, "f": 0.5, "b": true, "nil": null, "l": [1, 2, 3],
        "m": {"a": 1, "b": {"c": "x"}}, "big": "x".repeat(1000),
    });
    let values = context.as_object().unwrap();
    let values = values
        .iter()
        .map(|(name, value)| (name.as_str(), Value::from_json(value, Numbers::Doubles)));
    Environment::default()
        .compile(source)?
        .evaluate(&Bindings::new().with_all(values))
}

#[test]
fn depth_is_bounded_whatever_nests() {
    let deep = 20_000;
    for source in [
        format!("{}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("{}1{}", "[".repeat(deep), "]".repeat(deep)),
        format!("{}1{}", "{1:".repeat(deep), "}".repeat(deep)),
        format!("{}1{}", "size(".repeat(deep), ")".repeat(deep)),
        format!("{}true{}", "!(".repeat(deep), ")".repeat(deep)),
        format!("{}1{}", "-(".repeat(deep), ")".repeat(deep)),
        format!("{}1", "true?1:".repeat(deep / 2)),
        format!("m{}", ".a".repeat(deep)),
        format!("l{}", "[0]".repeat(deep)),
        format!("1{}", "-1".repeat(deep)),
        format!("1{}", "==1".repeat(deep)),
        format!("s{}", ".trim()".repeat(deep / 2)),
        "[[[".repeat(deep / 3),
    ] {
        let error = Environment::default().compile(&source).unwrap_err();
        assert!(
            matches!(error, Error::Limit { .. } | Error::Syntax { .. }),
            "{}…: {error}",
            &source[..20]
        );
    }
}

#[test]
fn what_is_no_number_sorts_before_all_numbers() {
    let list = "lists.range(40).map(x, x % 3 == 1 ? 0.0 / 0.0 : double((x * 7919) % 1009))";
    for sort in ["sort()", "sortBy(x, x)"] {
        let Value::List(sorted) = evaluate(&format!("{list}.{sort}")).unwrap() else {
            panic!("{sort} gives no list");
        };
        let (nan, numbers) = sorted.split_at(13);
        assert!(nan.iter().all(|item| item != item), "{nan:?}");
        assert!(numbers.is_sorted_by(|left, right| left.order(right).is_some_and(|it| it.is_le())));
    }
}

#[test]
fn the_deepest_nesting_fits_a_small_stack() {
    let depth = Limits::default().depth;
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{1:", "}"),
        ("[1].map(x, ", ")"),
        ("!(b && 1 == 2 + 3 * ", ")"),
        ("dyn(b || ", ")"),
        ("b ? 1 : ", ""),
        ("[1].filter(x, b && l[0] + 2 * 3 == size(", "))"),
        ("optional.of(1).optMap(x, 'x'.size() + ", ")"),
    ] {
        // As deep as the limit, and some levels around it.
        for levels in (depth / 4..=depth).rev().step_by(5) {
            let source = format!("{}true{}", open.repeat(levels), close.repeat(levels));
            let stack = std::thread::Builder::new().stack_size(1 << 20);
            stack
                .spawn(move || drop(evaluate(&source)))
                .unwrap()
                .join()
                .unwrap();
        }
    }
}

#[test]
fn long_chains_are_not_deep() {
    assert_eq!(
        evaluate(&vec!["1"; 5000].join(" + ")).unwrap(),
        Value::Int(5000)
    );
    assert_eq!(
        evaluate(&vec!["b"; 5000].join(" && ")).unwrap(),
        Value::Bool(true)
    );
    assert_eq!(
        evaluate(&vec!["'x'"; 5000].join("+")).unwrap(),
        Value::from("x".repeat(5000))
    );
    assert_eq!(
        evaluate(&format!("{}b", "!".repeat(5001))).unwrap(),
        Value::Bool(false)
    );
}

#[test]
fn work_and_growth_are_bounded() {
    let range = "lists.range(1000)";
    for source in [
        format!("{range}.all(a, {range}.all(b, {range}.all(c, true)))"),
        format!("{range}.map(a, {range}.map(b, {range}))"),
        "lists.range(1000000000000)".to_owned(),
        format!("{range}.map(i, big).join('').replace('x', big)"),
        format!("{range}.map(i, {range}.map(j, big).join(''))"),
        format!("{range}.map(a, {range}.map(b, a)).flatten().distinct()"),
        format!("'x'.replace('', big) + {range}.map(i, {range}.map(j, big).join('')).join('')"),
        format!("{range}.exists(a, {range}.exists(b, {range}.exists(c, a + b + c < 0)))"),
        format!("false && true || {range}.all(a, {range}.all(b, {range}.all(c, true))) || true"),
    ] {
        let result = evaluate(&source);
        assert!(
            matches!(result, Err(Error::Limit { .. })),
            "{source}: {result:?}"
        );
    }
}

#[test]
fn text_that_doubles_is_bounded() {
    // Each level binds twice what the level before it did: 2^100 characters in a text of a few kilobytes.
    let levels = 100;
    let doubled = "[x + x].map(x, ".repeat(levels);
    let source = format!("['0123456789'].map(x, {doubled}x{}", ")".repeat(levels + 1));
    let bound = "cel.bind(x, x + x, ".repeat(levels);
    let bound = format!("cel.bind(x, big, {bound}size(x){}", ")".repeat(levels + 1));
    let replaced = format!("big{}", ".replace('x', big)".repeat(levels));
    let environment = Environment::builder().with_bind().build();
    let bindings = Bindings::new().with("big", Value::from("x".repeat(1000)));
    for source in [source, bound, replaced] {
        let result = environment
            .compile(&source)
            .and_then(|program| program.evaluate(&bindings));
        assert!(
            matches!(result, Err(Error::Limit { unit: "bytes", .. })),
            "{}…: {result:?}",
            &source[..40]
        );
    }
}

#[test]
fn lists_that_share_their_items_are_walked_within_the_budget() {
    // 2^60 items, of which there are sixty in memory.
    let levels = 60;
    let shared = "[[x, x]].map(x, ".repeat(levels);
    for (last, close) in [
        ("x == x", ")"),
        ("x in [x]", ")"),
        ("'%s'.format([x])", ")"),
    ] {
        let source = format!("[1].map(x, {shared}{last}{}", close.repeat(levels + 1));
        let result = evaluate(&source);
        assert!(
            matches!(result, Err(Error::Limit { unit: "steps", .. })),
            "{last}: {result:?}"
        );
    }
}

#[test]
fn patterns_are_bounded_in_size_and_time() {
    let nested = format!("{}a{}", "(".repeat(5000), ")*".repeat(5000));
    let wide = "x".repeat(60_000);
    for pattern in [
        "((((a{100}){100}){100}){100})",
        r"(\\pL{1000}){1000}",
        nested.as_str(),
        wide.as_str(),
        "(?",
        "a{2,1}",
        "(?=a)",
        r"(a)\\1",
    ] {
        let result = evaluate(&format!("big.matches('{pattern}')"));
        assert!(matches!(result, Err(Error::Argument(_))), "{result:?}");
    }
    for (pattern, matches) in [
        ("(a+)+$", false),
        ("(x+x+)+y", false),
        ("(x|x|xx)*$", true),
        ("(x*)*(x*)*(x*)*z", false),
        (".*.*.*.*=.*", false),
    ] {
        let result = evaluate(&format!("big.matches('{pattern}')"));
        assert_eq!(result.unwrap(), Value::Bool(matches), "{pattern}");
    }
}

#[test]
fn many_patterns_do_not_pile_up() {
    let source = "lists.range(1000).all(i, !'x'.matches('[a-z]{40}' + string(i)))";
    assert_eq!(evaluate(source).unwrap(), Value::Bool(true));
}

#[test]
fn characters_that_end_texts_elsewhere_do_not_here() {
    for (source, value) in [
        ("'a\\u0000b'.size()", Value::Int(3)),
        ("'a\u{0}b'.size()", Value::Int(3)),
        ("'a\u{0}b'.matches('^a\u{0}b$')", Value::Bool(true)),
        ("'a\u{0}b'.split('\u{0}').size()", Value::Int(2)),
        ("{'\u{0}': 1}['\\x00']", Value::Int(1)),
        ("b'\\000'.size()", Value::Int(1)),
    ] {
        assert_eq!(evaluate(source).unwrap(), value, "{source:?}");
    }
    for source in ["\u{0}", "1\u{0}", "a\u{0}b", "1 +\u{0} 1", "`a\u{0}`"] {
        let error = Environment::default().compile(source).unwrap_err();
        assert!(matches!(error, Error::Syntax { .. }), "{source:?}: {error}");
    }
}

#[test]
fn long_texts_are_refused_unread() {
    let source = format!("'{}'", "x".repeat(Limits::default().source_bytes));
    assert!(matches!(
        evaluate(&source),
        Err(Error::Limit {
            unit: "source bytes",
            ..
        })
    ));
}

/// Pieces that, put together at random, are often nearly right.
const PIECES: &str = r#"
s n f b nil l m x 1 -1 9223372036854775807 0 2.5 1e308 3u 'a' "é" b'\xff' r'\d' '' true null [ ]
{ } ( ) . .? [? , : ? + - * / % == < >= && || ! ~in~ .map(x,~ .filter(x,~ .all(x,~
.transformMap(k,~v,~ .sortBy(x,~ has( size( string( int( double( duration( timestamp(
optional.of( .orValue( .value() .substring( .split( .replace( .format( .charAt( .indexOf(
.lastIndexOf( .join( .flatten( .slice( .sort() .distinct() .first() math.greatest(
math.bitShiftLeft( math.abs( math.round( base64.decode( .getHours( .matches( '%d%s%.3f' '-09:00'
'1h' '2024-01-01T00:00:00Z' type( lists.range(
"#;

fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(PIECES.split_whitespace().collect::<Vec<_>>());
    prop_oneof![9 => fixed.prop_map(|piece| piece.replace('~', " ")), 1 => "\\PC{0,4}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(pieces in prop::collection::vec(piece(), 0..14)) {
        let _ = evaluate(&pieces.concat());
    }

    #[test]
    fn functions_refuse_what_they_do_not_take(
        name in prop::sample::select(vec![
            "charAt", "indexOf", "lastIndexOf", "join", "replace", "split", "substring", "format", "reverse",
            "slice", "flatten", "sort", "distinct", "first", "matches", "trim", "contains", "getMonth", "or",
        ]),
        receiver in prop::sample::select(vec!["s", "n", "l", "m", "nil", "''", "'%s%d%e%x'", "[]", "timestamp(0)"]),
        arguments in prop::collection::vec(
            prop::sample::select(vec!["s", "n", "-1", "0", "2", "9223372036854775807", "'l'", "''", "l", "nil", "[m]", "[1.5]"]),
            0..4,
        ),
    ) {
        let _ = evaluate(&format!("{receiver}.{name}({})", arguments.join(", ")));
    }
}

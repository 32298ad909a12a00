//! Expressions of the kind that templates hold: names, functions and contexts as on the platform.

use serde_json::{Value as Json, json};

use expr::{Bindings, Environment, Error, Map, Numbers, Overloads, Value};

use crate::cases::Tally;

fn environment() -> Environment {
    let merge = |maps: &[Value]| {
        let mut merged = Map::new();
        for map in maps {
            let Value::Map(map) = map else {
                return Err(Error::argument("not a map"));
            };
            merged = merged.merged(map);
        }
        Ok(Value::map(merged))
    };
    let join = |parts: &[Value]| {
        let parts: Vec<_> = parts.iter().filter_map(Value::as_str).collect();
        let name = parts.join("-").to_lowercase().replace([' ', '!'], "-");
        Ok(Value::from(format!("{name}-0")))
    };
    Environment::builder()
        .function("oc_omit", Overloads::of(&["-> dyn"]), |_| Ok(Value::Omit))
        .function(
            "oc_merge",
            Overloads::of(&["map(A, B), map(A, B)... -> map(A, B)"]),
            merge,
        )
        .function(
            "oc_generate_name",
            Overloads::of(&["dyn... -> string"]),
            join,
        )
        .function("oc_dns_label", Overloads::of(&["dyn... -> string"]), join)
        .function("oc_hash", Overloads::of(&["string -> string"]), |_| {
            Ok(Value::from("afd071e5"))
        })
        .method_as_field(
            ("configurations", "toVolumes"),
            ("derived", "configVolumes"),
        )
        .method_as_field(
            ("dependencies", "toVolumes"),
            ("derived", "dependencyVolumes"),
        )
        .method_as_lookup(
            ("workload", "toEndpointResources"),
            ("derived", "endpointResources"),
        )
        .build()
}

fn bindings(context: &Json, numbers: Numbers) -> Bindings {
    let variables = context.as_object().unwrap();
    let values = variables
        .iter()
        .map(|(name, value)| (name.as_str(), Value::from_json(value, numbers)));
    Bindings::new().with_all(values)
}

fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left.as_f64() == right.as_f64(),
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(k, l)| right.get(k).is_some_and(|r| same(l, r)))
        }
        _ => left == right,
    }
}

/// Cases that hold only where JSON numbers are integers, and `cel.bind`, which templates lack.
const OTHER: &[&str] = &["type-eq", "cel.bind"];

#[test]
fn base64_is_read_as_others_write_it() {
    for source in [
        "base64.decode('aGVsGVsbG8') != b''",
        "base64.decode('aGVs\\nbG8=') == b'hello'",
        "base64.decode('aGVsbG8') == b'hello'",
    ] {
        let program = Environment::default().compile(source).unwrap();
        let value = program.evaluate(&Bindings::new()).unwrap();
        assert_eq!(value, Value::Bool(true), "{source}");
    }
}

#[test]
fn platform_expressions_evaluate() {
    let table = testkit::compat::cel("cases.json");
    let environment = environment();
    let mut tally = Tally::new("platform", &[]);
    for numbers in [Numbers::Doubles, Numbers::AsWritten] {
        let bindings = bindings(&table["ctx"], numbers);
        for case in table["cases"].as_array().unwrap() {
            let (name, source) = (
                case["name"].as_str().unwrap(),
                case["expr"].as_str().unwrap(),
            );
            if OTHER.contains(&name) {
                continue;
            }
            let result = environment
                .compile(source)
                .and_then(|program| program.evaluate(&bindings));
            let agrees = match (&result, case["want"].get("$error")) {
                (Ok(value), None) => value
                    .to_json()
                    .is_some_and(|json| same(&json, &case["want"])),
                (Err(_), Some(_)) => true,
                _ => false,
            };
            let outcome = if agrees {
                Ok(())
            } else {
                Err(format!("{numbers:?}: {result:?}\n    {}", case["want"]))
            };
            tally.check(name, source, outcome);
        }
    }
    tally.finish();
}

fn evaluate(source: &str, context: &Json) -> Result<Json, Error> {
    let bindings = bindings(context, Numbers::Doubles);
    let value = environment().compile(source)?.evaluate(&bindings)?;
    Ok(value.to_json().unwrap_or_else(|| json!("omitted")))
}

#[test]
fn json_numbers_mix_with_integer_literals() {
    let context = json!({"n": 3, "port": 8080, "list": ["a", "b", "c", "d"], "half": 0.5});
    let cases = [
        ("n + 1", json!(4)),
        ("1 - n", json!(-2)),
        ("n * 2", json!(6)),
        ("n / 2", json!(1.5)),
        ("n % 2", json!(1)),
        ("list[n]", json!("d")),
        ("string(n - 1) + '/' + string(port)", json!("2/8080")),
        ("string(half)", json!("0.5")),
        ("lists.range(n).size()", json!(3)),
        ("type(n) == double", json!(true)),
        ("n == 3 && n > 2 && n in [1, 2, 3]", json!(true)),
    ];
    for (source, expected) in cases {
        let result = evaluate(source, &context);
        assert!(
            result.as_ref().is_ok_and(|value| same(value, &expected)),
            "{source}: {result:?}"
        );
    }
    assert!(
        evaluate("half % 2", &context).is_err(),
        "a fraction has no remainder"
    );
    assert!(
        evaluate("list[half]", &context).is_err(),
        "a fraction is no index"
    );
}

#[test]
fn a_missing_variable_is_found_before_evaluation() {
    let error = evaluate("true || gateway.ingress == ''", &json!({})).unwrap_err();
    assert_eq!(error.to_string(), "1:9: undeclared reference to 'gateway'");
    assert!(error.is_compile());
    let error = evaluate("has(a.b) ? a.b : a.c", &json!({"a": {}})).unwrap_err();
    assert_eq!(error.to_string(), "no such key: c");
    assert!(!error.is_compile());
}

#[test]
fn what_is_no_number_has_no_order() {
    for source in [
        "0.0 / 0.0 < 1.0",
        "0.0 / 0.0 >= n",
        "math.greatest(1.0, 0.0 / 0.0)",
        "math.least([1.0, 0.0 / 0.0])",
    ] {
        let error = evaluate(source, &json!({"n": 1})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "NaN values cannot be ordered",
            "{source}"
        );
    }
}

#[test]
fn lines_of_literals_end_alike() {
    let source = "'''a\r\nb\rc\\r''' + r\"\"\"\r\"\"\"";
    assert_eq!(evaluate(source, &json!({})), Ok(json!("a\nb\nc\r\n")));
}

#[test]
fn an_optional_is_no_zero_value() {
    let source = "optional.ofNonZeroValue(optional.none()).hasValue()";
    assert_eq!(evaluate(source, &json!({})), Ok(json!(true)));
}

#[test]
fn formatted_doubles_have_no_exponent() {
    let text = evaluate("'%s %d %s'.format([1e20, 1.5e16, 0.00001])", &json!({}));
    assert_eq!(
        text,
        Ok(json!("100000000000000000000 15000000000000000 0.00001"))
    );
}

#[test]
fn a_list_has_no_fields_and_the_absent_no_index() {
    let context = json!({"list": [1], "text": "a", "nothing": null});
    for source in ["has(list.a)", "list.?a", "has(list[?0].a) || has(list.a)"] {
        let result = evaluate(source, &context);
        assert!(
            matches!(result, Err(Error::NoSuchOverload(_))),
            "{source}: {result:?}"
        );
    }
    for source in [
        "has(text.a)",
        "has(nothing.a)",
        "nothing.?a.hasValue()",
        "text[?0].hasValue()",
        "optional.none()[list[3]].hasValue()",
        "optional.none()[?list[3]].hasValue()",
    ] {
        assert_eq!(evaluate(source, &context), Ok(json!(false)), "{source}");
    }
}

#[test]
fn loop_variables_hide_variables_and_types() {
    let context = json!({"x": 1, "list": [1, 2]});
    for (source, expected) in [
        ("list.map(x, x * 10).map(y, y + x)", json!([11, 21])),
        ("list.map(string, string + 1)", json!([2, 3])),
        ("list.map(math, math + 1)", json!([2, 3])),
        ("list.filter(x, [5].exists(x, x == 5) && x > 1)", json!([2])),
    ] {
        let result = evaluate(source, &context);
        assert!(
            result.as_ref().is_ok_and(|value| same(value, &expected)),
            "{source}: {result:?}"
        );
    }
    assert_eq!(
        evaluate("type", &json!({"type": "web"})).unwrap(),
        json!("web")
    );
}

#[test]
fn a_leading_dot_means_no_loop_variable() {
    let context = json!({"x": 1, "list": [2]});
    for (source, expected) in [
        ("list.map(x, .x)", json!([1])),
        ("list.map(x, x + .x)", json!([3])),
        ("list.map(int, .int) == [int]", json!(true)),
        (".list.map(y, .list[0])", json!([2])),
    ] {
        let result = evaluate(source, &context);
        assert!(
            result.as_ref().is_ok_and(|value| same(value, &expected)),
            "{source}: {result:?}"
        );
    }
    let error = evaluate("[1].all(n, .n > 0)", &json!({})).unwrap_err();
    assert_eq!(error.to_string(), "1:12: undeclared reference to 'n'");
}

#[test]
fn operators_that_cancel_ask_nothing_of_their_operand() {
    let context = json!({"text": "a", "x": 2.0});
    for (source, expected) in [
        ("!!text", json!("a")),
        ("--text", json!("a")),
        ("---x", json!(-2)),
        ("- - 1", json!(1)),
        ("!!!true", json!(false)),
        ("1--1", json!(2)),
    ] {
        let result = evaluate(source, &context);
        assert!(
            result.as_ref().is_ok_and(|value| same(value, &expected)),
            "{source}: {result:?}"
        );
    }
    for source in ["!(!text)", "-!true", "--9223372036854775808"] {
        let result = evaluate(source, &context);
        assert!(result.is_err(), "{source}: {result:?}");
    }
}

#[test]
fn positions_count_characters() {
    let error = environment().compile("'é' +\n  unknown(1)").unwrap_err();
    assert_eq!(error.to_string(), "2:3: undeclared reference to 'unknown'");
}

#[test]
fn patterns_mean_what_they_mean_in_re2() {
    for (source, expected) in [
        (
            "'é'.matches('^\\\\w$') || '٣'.matches('\\\\d')",
            json!(false),
        ),
        (
            "'a1_'.matches('^[\\\\w]+$') && 'a b'.matches('a\\\\sb')",
            json!(true),
        ),
        (
            "'[&&]'.matches('^[[]&&[\\\\]]$') && 'a'.matches('[b&&a]')",
            json!(true),
        ),
        (
            "'a.b'.matches('\\\\Qa.b\\\\E') && 'a{,2}'.matches('^a{,2}$')",
            json!(true),
        ),
    ] {
        assert_eq!(evaluate(source, &json!({})).unwrap(), expected, "{source}");
    }
}

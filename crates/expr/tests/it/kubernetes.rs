//! The library of Kubernetes, by its documents and by what it was seen to do there.

mod networks;
mod quantities;
mod texts;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use expr::{Bindings, Declarations, Environment, Error, Limits, Value};

fn environment() -> Environment {
    Environment::builder().with_kubernetes().build()
}

fn evaluate(source: &str) -> Result<Value, Error> {
    environment().compile(source)?.evaluate(&Bindings::new())
}

fn gives(source: &str, expected: &Json) {
    let found = evaluate(source).map(|value| value.try_to_json());
    assert_eq!(found, Ok(Ok(Some(expected.clone()))), "{source}");
}

/// Each gives what stands beside it.
fn all_give(cases: &[(&str, Json)]) {
    for (source, expected) in cases {
        gives(source, expected);
    }
}

/// Each fails at evaluation with what stands beside it.
fn all_fail(cases: &[(&str, &str)]) {
    for (source, message) in cases {
        let error = evaluate(source).unwrap_err();
        assert!(!error.is_compile(), "{source}: {error}");
        assert_eq!(error.to_string(), *message, "{source}");
    }
}

/// None is compiled.
fn none_compile(sources: &[&str]) {
    for source in sources {
        let error = environment().compile(source).unwrap_err();
        assert!(error.is_compile(), "{source}: {error}");
    }
}

#[test]
fn nothing_is_seen_where_it_was_not_asked_for() {
    for source in [
        "quantity('1')",
        "isQuantity('1')",
        "sign('1')",
        "ip('1.2.3.4')",
        "isIP('1')",
        "ip.isCanonical('1')",
        "cidr('1.2.3.4/8')",
        "isCIDR('1')",
        "url('/a')",
        "isURL('/a')",
        "semver('1.2.3')",
        "isSemver('1')",
        "format.named('uri')",
        "format.uri()",
        "'a'.find('a')",
        "'a'.findAll('a')",
        "[1].sum()",
        "[1].min()",
        "[1].max()",
        "[1].isSorted()",
        "[1].indexOf(1)",
        "[1].lastIndexOf(1)",
        "dyn(1).add(1)",
        "dyn(1).compareTo(1)",
        "dyn(1).validate('a')",
        "dyn(1).getHost()",
    ] {
        let error = Environment::default().compile(source).unwrap_err();
        assert!(error.is_compile(), "{source}: {error}");
    }
    let error = Environment::default().check("type(1) == net.IP", &Declarations::new());
    assert!(error.is_err());
    // What is another thing at evaluation is refused there.
    let list = Environment::default()
        .compile("dyn([1]).indexOf('a')")
        .unwrap();
    assert!(list.evaluate(&Bindings::new()).is_err());
}

#[test]
fn values_have_types_equality_and_no_json() {
    all_give(&[
        ("type(ip('1.2.3.4')) == net.IP", json!(true)),
        ("type(cidr('1.2.3.4/8')) == net.CIDR", json!(true)),
        ("ip('1.2.3.4') == ip('1.2.3.4')", json!(true)),
        ("ip('::1') != ip('1.2.3.4')", json!(true)),
        ("[ip('::1')] == [ip('::1')]", json!(true)),
        ("ip('::1') in [ip('::2'), ip('0::1')]", json!(true)),
        (
            "[quantity('1'), quantity('1000m')].distinct().size()",
            json!(1),
        ),
        ("ip('::1') == null", json!(false)),
        ("optional.ofNonZeroValue(ip('::')).hasValue()", json!(true)),
        ("[{'IP': 1}].map(net, net.IP)", json!([1])),
    ]);
    none_compile(&[
        "ip('::1') == cidr('::1/8')",
        "quantity('1') == 1",
        "ip('::1') < ip('::2')",
        "ip('::1').x",
        "[ip('::1')].sort()",
        "'%s'.format([quantity('1')])",
        "string(quantity('1'))",
        "size(ip('::1'))",
    ]);
    all_fail(&[
        (
            "quantity('1') == dyn(1)",
            "no such overload: _==_ applied to (kubernetes.Quantity, int)",
        ),
        (
            "string(dyn(quantity('1')))",
            "no such overload: string applied to (kubernetes.Quantity)",
        ),
    ]);
    // The other types have no name in expressions, as there.
    let named = environment().check("kubernetes.Quantity", &Declarations::new());
    assert!(named.is_err());
    let held = evaluate("{'a': [1, quantity('1')]}").unwrap();
    let message = "a value of type kubernetes.Quantity cannot be written as JSON";
    assert_eq!(held.try_to_json().unwrap_err().to_string(), message);
    assert_eq!(held.to_json(), None);
}

#[test]
fn lists_are_added_up_and_searched() {
    all_give(&[
        (
            "[1, 2, 2].isSorted() && ['a', 'b'].isSorted() && [].isSorted()",
            json!(true),
        ),
        ("[2, 1].isSorted()", json!(false)),
        (
            "[1, 2].sum() == 3 && [1u].sum() == 1u && [0.5, 1.0].sum() == 1.5",
            json!(true),
        ),
        (
            "[duration('1s'), duration('2s')].sum() == duration('3s')",
            json!(true),
        ),
        ("[].sum()", json!(0)),
        (
            "[duration('1s')].filter(x, false).sum() == duration('0s')",
            json!(true),
        ),
        (
            "type([1u].filter(x, false).sum()) == uint && type(dyn([]).sum()) == int",
            json!(true),
        ),
        (
            "[3, 1, 2].min() == 1 && ['a', 'c', 'b'].max() == 'c'",
            json!(true),
        ),
        (
            "['a', 'b', 'a'].indexOf('a') == 0 && ['a', 'b', 'a'].lastIndexOf('a') == 2",
            json!(true),
        ),
        ("[1].indexOf(2)", json!(-1)),
        (
            "dyn([1, 2]).indexOf(dyn(2)) == 1 && dyn('ab').indexOf(dyn('b')) == 1",
            json!(true),
        ),
        ("'abab'.lastIndexOf('b', 2)", json!(1)),
    ]);
    all_fail(&[
        ("[].min()", "min called on empty list"),
        ("[9223372036854775807, 1].sum()", "integer overflow"),
        ("dyn([{}]).max()", "no such overload: max applied to (list)"),
    ]);
    none_compile(&[
        "[{}].max()",
        "['a'].sum()",
        "[ip('::1')].isSorted()",
        "[1].indexOf('a')",
    ]);
}

#[test]
fn what_would_grow_is_refused() {
    for source in [
        "quantity('12345678901234567890e2000000000')",
        "quantity('1e2000000000').add(1)",
        "quantity('1e2000000000').add(quantity('1'))",
        "quantity('1e-9').sub(quantity('12345678901234567890e1000000000'))",
    ] {
        let error = evaluate(source).unwrap_err();
        assert!(matches!(error, Error::Limit { .. }), "{source}: {error}");
    }
    let long = Value::from("1".repeat(1 << 20));
    let bindings = Bindings::new().with("long", long);
    let limits = Limits {
        steps: 50_000,
        ..Limits::default()
    };
    let environment = Environment::builder()
        .with_kubernetes()
        .limits(limits)
        .build();
    for source in [
        "quantity(long)",
        "url('/' + long)",
        "semver(long)",
        "cidr(long)",
        "format.uri().validate('/' + long)",
        "long.findAll('1')",
    ] {
        let found = environment.compile(source).unwrap().evaluate(&bindings);
        assert!(
            matches!(found, Err(Error::Limit { .. })),
            "{source}: {found:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "\\PC{0,24}") {
        let bindings = Bindings::new().with("t", Value::from(text));
        for source in [
            "quantity(t)", "ip(t)", "cidr(t)", "url(t)", "semver(t, true)", "url('http://' + t + '/').getQuery()",
            "format.qualifiedName().validate(t)", "format.dns1123LabelPrefix().validate(t + '-')", "'abc'.findAll(t)",
            "format.datetime().validate(t)", "url('http://[' + t + ']/').getHostname()",
        ] {
            let _ = environment().compile(source).unwrap().evaluate(&bindings);
        }
    }
}

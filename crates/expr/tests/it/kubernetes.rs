//! The library of Kubernetes, by its documents and by what it was seen to do there.

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
fn quantities_are_read_compared_and_added() {
    all_give(&[
        (
            "isQuantity('20Mi') && isQuantity('1e3') && isQuantity('-')",
            json!(true),
        ),
        (
            "isQuantity('20Mo') || isQuantity('10Mm') || isQuantity('')",
            json!(false),
        ),
        ("isQuantity('.Ki') && !isQuantity('.Ei')", json!(true)),
        ("quantity('200M') == quantity('0.2G')", json!(true)),
        ("quantity('50M').isLessThan(quantity('50Mi'))", json!(true)),
        (
            "quantity('50Mi').isGreaterThan(quantity('50M'))",
            json!(true),
        ),
        ("quantity('50M').compareTo(quantity('50Mi'))", json!(-1)),
        (
            "quantity('1e1000000000').compareTo(quantity('2'))",
            json!(1),
        ),
        (
            "quantity('50k').add(quantity('20')) == quantity('50.02k')",
            json!(true),
        ),
        (
            "quantity('50k').add(20).sub(quantity('100k')).asInteger()",
            json!(-49980),
        ),
        ("quantity('50k').sub(20) == quantity('49980')", json!(true)),
        ("quantity('50.703k').asApproximateFloat()", json!(50703)),
        ("quantity('0.1').asApproximateFloat()", json!(0.1)),
        (
            "[sign(quantity('-1m')), sign(quantity('0')), sign(quantity('1'))]",
            json!([-1, 0, 1]),
        ),
        // Smaller parts are rounded up, larger amounts of binary units are cut off.
        (
            "quantity('0.1n') == quantity('1n') && quantity('-0.1n') == quantity('-1n')",
            json!(true),
        ),
        (
            "quantity('8Ei') == quantity('9223372036854775807')",
            json!(true),
        ),
        // An integer is one that was written as one and that 64 bits are sure to hold.
        (
            "quantity('1.5k').isInteger() && quantity('1Ti').isInteger()",
            json!(true),
        ),
        (
            "quantity('1000m').isInteger() || quantity('1.0').isInteger()",
            json!(false),
        ),
        (
            "quantity('1Pi').isInteger() || quantity('0.5Ki').isInteger()",
            json!(false),
        ),
    ]);
    all_fail(&[
        (
            "quantity('10Mo')",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        ("quantity('10Mm')", "unable to parse quantity's suffix"),
        (
            "quantity('.Ei')",
            "unable to parse numeric part of quantity",
        ),
        (
            "quantity('1.0').asInteger()",
            "cannot convert value to integer",
        ),
    ]);
    none_compile(&[
        "isQuantity([1])",
        "quantity('1').add('1')",
        "quantity('1').sign()",
        "quantity('1').compareTo(semver('1.2.3'))",
    ]);
}

#[test]
fn addresses_have_families_and_ranges() {
    all_give(&[
        (
            "isIP('192.168.0.1') && isIP('2001:db8::68') && isIP('::1.2.3.4')",
            json!(true),
        ),
        (
            "isIP('01.2.3.4') || isIP('fe80::1%en0') || isIP('::ffff:1.2.3.4')",
            json!(false),
        ),
        (
            "isIP('1:2:3:4::5:6:7:8') || isIP('1.2.3') || isIP('')",
            json!(false),
        ),
        ("ip('1.2.3.4').family()", json!(4)),
        ("ip('::1').family()", json!(6)),
        ("string(ip('2001:DB8:0:0::1'))", json!("2001:db8::1")),
        ("ip.isCanonical('2001:db8::1')", json!(true)),
        ("ip.isCanonical('2001:DB8::1')", json!(false)),
        (
            "ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified()",
            json!(true),
        ),
        (
            "ip('127.9.9.9').isLoopback() && ip('::1').isLoopback()",
            json!(true),
        ),
        (
            "ip('224.0.0.1').isLinkLocalMulticast() && ip('ff12::1').isLinkLocalMulticast()",
            json!(true),
        ),
        (
            "ip('224.0.1.1').isLinkLocalMulticast() || ip('ff05::1').isLinkLocalMulticast()",
            json!(false),
        ),
        (
            "ip('169.254.1.1').isLinkLocalUnicast() && ip('febf::1').isLinkLocalUnicast()",
            json!(true),
        ),
        (
            "ip('10.0.0.1').isGlobalUnicast() && ip('fd00::1').isGlobalUnicast()",
            json!(true),
        ),
        (
            "ip('255.255.255.255').isGlobalUnicast() || ip('ff02::1').isGlobalUnicast()",
            json!(false),
        ),
    ]);
    all_fail(&[
        (
            "ip('192.168.0.1.0')",
            "IP Address \"192.168.0.1.0\" parse error during conversion from string: ParseAddr(\"192.168.0.1.0\"): IPv4 address too long",
        ),
        (
            "ip.isCanonical('2001:db8:::68')",
            "IP Address \"2001:db8:::68\" parse error during conversion from string: ParseAddr(\"2001:db8:::68\"): each colon-separated field must have at least one digit (at \":68\")",
        ),
        (
            "ip('fe80::1%en0')",
            "IP address \"fe80::1%en0\" with zone value is not allowed",
        ),
        (
            "ip('::ffff:1.2.3.4')",
            "IPv4-mapped IPv6 address \"::ffff:1.2.3.4\" is not allowed",
        ),
    ]);
    none_compile(&["ip(1)", "isIP(ip('::1'))", "'1.2.3.4'.isLoopback()", "ip()"]);
}

#[test]
fn networks_contain_addresses_and_networks() {
    all_give(&[
        ("isCIDR('192.168.0.0/24') && isCIDR('::/0')", json!(true)),
        (
            "isCIDR('1.2.3.4/33') || isCIDR('1.2.3.4/01') || isCIDR('1.2.3.4')",
            json!(false),
        ),
        (
            "cidr('192.168.0.0/24').containsIP(ip('192.168.0.1'))",
            json!(true),
        ),
        (
            "cidr('192.168.0.0/24').containsIP('192.168.1.1')",
            json!(false),
        ),
        ("cidr('0.0.0.0/0').containsIP('::1')", json!(false)),
        (
            "cidr('192.168.0.0/24').containsCIDR('192.168.0.0/25')",
            json!(true),
        ),
        (
            "cidr('192.168.0.0/24').containsCIDR(cidr('192.168.0.0/23'))",
            json!(false),
        ),
        (
            "cidr('192.168.0.9/24').masked() == cidr('192.168.0.0/24')",
            json!(true),
        ),
        ("string(cidr('192.168.0.9/24').ip())", json!("192.168.0.9")),
        ("string(cidr('2001:DB8::/32'))", json!("2001:db8::/32")),
        ("cidr('::/128').prefixLength()", json!(128)),
        ("cidr('1.2.3.4/24') == cidr('1.2.3.5/24')", json!(false)),
    ]);
    all_fail(&[
        (
            "cidr('192.168.0.0/')",
            "network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(\"192.168.0.0/\"): bad bits after slash: \"\"",
        ),
        (
            "cidr('::/0').containsIP('x')",
            "no such overload: containsIP applied to (net.CIDR, string)",
        ),
    ]);
    none_compile(&[
        "cidr('::/0').containsIP(1)",
        "cidr('::/0').containsCIDR(ip('::'))",
    ]);
}

#[test]
fn urls_are_taken_apart() {
    all_give(&[
        (
            "isURL('https://a.b:80/c?d') && isURL('/a') && isURL('mailto:a@b')",
            json!(true),
        ),
        (
            "isURL('a/b') || isURL('') || isURL('http://a b') || isURL('http://a/%zz')",
            json!(false),
        ),
        ("url('HTTPS://a/b').getScheme()", json!("https")),
        ("url('https://u:p@a.b:80/').getHost()", json!("a.b:80")),
        ("url('https://[::1]:80/').getHost()", json!("[::1]:80")),
        ("url('https://[::1]:80/').getHostname()", json!("::1")),
        ("url('https://a:80/').getPort()", json!("80")),
        ("url('/path').getPort()", json!("")),
        ("url('https://a/b c%2f').getEscapedPath()", json!("/b%20c/")),
        ("url('https://a/b%2f#f').getEscapedPath()", json!("/b%2f")),
        (
            "url('/?k=a&k=b&x&;=1&%zz=1#f').getQuery()",
            json!({"k": ["a", "b"], "x": [""]}),
        ),
        ("url('http://A/é') == url('HTTP://A/%C3%A9')", json!(true)),
        ("url('/a?') == url('/a')", json!(false)),
        ("url('/a#') == url('/a')", json!(true)),
    ]);
    all_fail(&[
        (
            "url('a b')",
            "URL parse error during conversion from string: parse \"a b\": invalid URI for request",
        ),
        (
            "url('/a?b#%zz')",
            "URL parse error during conversion from string: parse \"/a?b#%zz\": invalid URL escape \"%zz\"",
        ),
    ]);
    none_compile(&["url(1)", "'/a'.getHost()", "url('/a').getHost(1)"]);
}

#[test]
fn formats_tell_what_is_wrong() {
    let problem = |source: &str| {
        let value = evaluate(source).unwrap();
        value.to_json().unwrap()
    };
    for (format, good, bad) in [
        ("dns1123Label", "a-1", "a.b"),
        ("dns1123Subdomain", "a.b", "a..b"),
        ("dns1035Label", "a1", "1a"),
        ("qualifiedName", "a.b/c_d", "a/b/c"),
        ("labelValue", "", "-"),
        ("dns1123LabelPrefix", "abc-", "-"),
        ("dns1123SubdomainPrefix", "a.b-", "a...-"),
        ("dns1035LabelPrefix", "abc-", "1abc-"),
        ("uri", "https://a", "a"),
        ("uuid", "123E4567e89b12d3a456426614174000", "123"),
        ("byte", "AA==", ""),
        ("date", "2020-02-29", "2021-02-29"),
        ("datetime", "2020-01-01T00:00:00.5Z", "2020-01-01T24:00:00Z"),
    ] {
        let validate = format!("format.{format}().validate");
        assert_eq!(
            problem(&format!("{validate}('{good}')")),
            json!(null),
            "{format}"
        );
        let direct = problem(&format!("{validate}('{bad}')"));
        assert!(direct[0].is_string(), "{format}: {direct}");
        let named = format!("format.named('{format}').value().validate('{bad}')");
        assert_eq!(problem(&named), direct, "{format}");
    }
    all_give(&[
        ("format.named('x').hasValue()", json!(false)),
        ("format.named('date').value() == format.date()", json!(true)),
        (
            "format.dns1123Label().validate('a.b').value()",
            json!(["must not contain dots"]),
        ),
        (
            "format.dns1123Label().validate('A').value()",
            json!([
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]),
        ),
        (
            "format.qualifiedName().validate('/a').value()",
            json!(["prefix part must be non-empty"]),
        ),
        (
            "format.uri().validate('a').value()",
            json!(["parse \"a\": invalid URI for request"]),
        ),
    ]);
    none_compile(&["format.x()", "format.date(1)", "format.date().validate(1)"]);
}

#[test]
fn versions_are_read_and_compared() {
    all_give(&[
        (
            "isSemver('1.2.3-a.1+b') && isSemver('v01.2', true)",
            json!(true),
        ),
        (
            "isSemver('1.2') || isSemver('v1.2.3') || isSemver('1.2-a', true)",
            json!(false),
        ),
        ("semver('v01.02', true) == semver('1.2.0')", json!(true)),
        ("semver('1.2.3+a') == semver('1.2.3+b')", json!(true)),
        ("semver('1.2.3-a').compareTo(semver('1.2.3'))", json!(-1)),
        (
            "semver('1.2.3-a.10').isGreaterThan(semver('1.2.3-a.9'))",
            json!(true),
        ),
        (
            "semver('1.2.3-1').isLessThan(semver('1.2.3-a'))",
            json!(true),
        ),
        (
            "semver('1.10.0').isGreaterThan(semver('1.9.0'))",
            json!(true),
        ),
        (
            "[semver('1.2.3').major(), semver('1.2.3').minor(), semver('1.2.3').patch()]",
            json!([1, 2, 3]),
        ),
    ]);
    all_fail(&[
        ("semver('1.2')", "No Major.Minor.Patch elements found"),
        (
            "semver('1.2.x')",
            "Invalid character(s) found in patch number \"x\"",
        ),
        (
            "semver('01.2.3')",
            "Major number must not contain leading zeroes \"01\"",
        ),
        (
            "semver('1-a', true)",
            "short version cannot contain PreRelease/Build meta data",
        ),
    ]);
    none_compile(&[
        "semver(1)",
        "semver('1.2.3', 1)",
        "semver('1.2.3').compareTo('1.2.3')",
    ]);
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
fn patterns_find_text() {
    all_give(&[
        ("'abc 123 45'.find('[0-9]+')", json!("123")),
        ("'abc'.find('[0-9]+')", json!("")),
        ("'abc 123 45'.findAll('[0-9]+')", json!(["123", "45"])),
        ("'123 45 6'.findAll('[0-9]+', 2)", json!(["123", "45"])),
        ("'123 45 6'.findAll('[0-9]+', 0)", json!([])),
        ("'123 45 6'.findAll('[0-9]+', -1).size()", json!(3)),
        ("'baaac'.findAll('a*')", json!(["", "aaa", ""])),
    ]);
    all_fail(&[("'a'.find('[')", "invalid find() pattern: [")]);
    none_compile(&["'a'.find(1)", "'a'.findAll('a', '1')", "find('a', 'a')"]);
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

/// The integer that a quantity of this number and unit is.
fn meant(number: i64, unit: usize) -> i128 {
    let factor = [1, 1000, 1 << 10, 1_000_000, 1 << 20, 1 << 30][unit];
    i128::from(number) * factor
}

const UNITS: [&str; 6] = ["", "k", "Ki", "M", "Mi", "Gi"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quantities_are_ordered_as_what_they_mean(
        (a, b) in (-1_000_000_000..1_000_000_000_i64, -1_000_000..1_000_000_i64),
        (u, v) in (0..UNITS.len(), 0..UNITS.len()),
    ) {
        let (left, right) = (meant(a, u), meant(b, v));
        let (x, y) = (UNITS[u], UNITS[v]);
        let order = left.cmp(&right) as i64;
        gives(&format!("quantity('{a}{x}').compareTo(quantity('{b}{y}'))"), &json!(order));
        let sum = left + right;
        gives(&format!("quantity('{a}{x}').add(quantity('{b}{y}')) == quantity('{sum}')"), &json!(true));
        gives(&format!("quantity('{sum}').sub(quantity('{b}{y}')) == quantity('{a}{x}')"), &json!(true));
    }

    #[test]
    fn long_quantities_are_added_as_integers(a in -10_i128.pow(35)..10_i128.pow(35), b in -10_i128.pow(35)..10_i128.pow(35)) {
        let (sum, difference, order) = (a + b, a - b, a.cmp(&b) as i64);
        gives(&format!("quantity('{a}').add(quantity('{b}')) == quantity('{sum}')"), &json!(true));
        gives(&format!("quantity('{a}').sub(quantity('{b}')) == quantity('{difference}')"), &json!(true));
        gives(&format!("quantity('{a}').compareTo(quantity('{b}'))"), &json!(order));
    }

    #[test]
    fn a_network_contains_what_shares_its_bits(base: u32, other: u32, bits in 0..=32_u32) {
        let shares = bits == 0 || base >> (32 - bits) == other >> (32 - bits);
        let (base, other) = (std::net::Ipv4Addr::from(base), std::net::Ipv4Addr::from(other));
        gives(&format!("cidr('{base}/{bits}').containsIP('{other}')"), &json!(shares));
        gives(&format!("cidr('{base}/{bits}').containsIP(cidr('{base}/{bits}').masked().ip())"), &json!(true));
        for inner in bits..=32 {
            gives(&format!("cidr('{base}/{bits}').containsCIDR('{other}/{inner}')"), &json!(shares));
        }
    }

    #[test]
    fn addresses_are_those_of_the_standard_library(bits: u128) {
        let address = std::net::Ipv6Addr::from_bits(bits);
        let mapped = address.to_ipv4_mapped().is_some();
        gives(&format!("isIP('{address}')"), &json!(!mapped));
        gives(&format!("ip.isCanonical('{address}') && string(ip('{address}')) == '{address}'"), &json!(true));
    }

    #[test]
    fn addresses_are_refused_where_the_standard_library_refuses_them(text in "[0-9a-f:.]{0,20}") {
        let parsed = text.parse::<std::net::IpAddr>().ok();
        let mapped = matches!(parsed, Some(std::net::IpAddr::V6(address)) if address.to_ipv4_mapped().is_some());
        gives(&format!("isIP('{text}')"), &json!(parsed.is_some() && !mapped));
    }

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

//! URLs, formats, versions and patterns.

use serde_json::json;

use super::{all_fail, all_give, evaluate, none_compile};

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

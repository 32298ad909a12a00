//! Addresses and networks.

use proptest::prelude::*;
use serde_json::json;

use super::{all_fail, all_give, gives, none_compile};

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

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
}

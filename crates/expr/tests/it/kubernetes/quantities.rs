//! Quantities.

use proptest::prelude::*;
use serde_json::json;

use super::{all_fail, all_give, gives, none_compile};

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
}

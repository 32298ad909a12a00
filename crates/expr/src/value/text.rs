//! How numbers are written as text.

use super::integral;

/// Doubles below this are written without an exponent when they have no fraction.
const PLAIN: f64 = 9_007_199_254_740_992.0;

/// The text of a double: an integral one below 2^53 plainly, any other with the shortest digits
/// that give it back, and an exponent where it is below -4 or above 20 in the first case, or above
/// 5 in the second (`%g`).
pub(crate) fn double_text(double: f64) -> String {
    if double.is_nan() {
        return "NaN".into();
    }
    if double.is_infinite() {
        return if double > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    if double == 0.0 {
        return if double.is_sign_negative() { "-0" } else { "0" }.into();
    }
    if let Some(int) = integral(double).filter(|_| double.abs() < PLAIN) {
        return int.to_string();
    }
    general(double)
}

fn general(double: f64) -> String {
    let scientific = format!("{double:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..21).contains(&exponent) || exponent >= 6 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    format!("{double}")
}

//! How numbers are written as text.

use super::integral;

/// Doubles below this are written without an exponent when they have no fraction.
const PLAIN: f64 = 9_007_199_254_740_992.0;

/// The text of a double: an integral one below 2^53 plainly, any other with the shortest digits
/// that give it back, and with an exponent where that is below -4 or above 5 (`%g`).
#[must_use]
pub fn double_text(double: f64) -> String {
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

/// The shortest text of a finite double that gives it back, as `%g` writes it.
pub(crate) fn general(double: f64) -> String {
    let scientific = format!("{double:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    format!("{double}")
}

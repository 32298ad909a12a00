//! Doubles to integers.

use crate::error::Error;

/// Cuts the fraction off.
///
/// # Errors
/// The double is not finite, or not strictly inside of the range of integers.
pub(super) fn double_to_int(double: f64) -> Result<i64, Error> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if double > -END && double < END {
        Ok(double as i64)
    } else {
        Err(Error::Overflow("integer"))
    }
}

/// Cuts the fraction off.
///
/// # Errors
/// The double is negative, not finite, or outside of the range of unsigned integers.
pub(super) fn double_to_uint(double: f64) -> Result<u64, Error> {
    const END: f64 = 18_446_744_073_709_551_616.0;
    if (0.0..END).contains(&double) {
        Ok(double as u64)
    } else {
        Err(Error::Overflow("unsigned integer"))
    }
}

//! A duration as people write it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A duration written as `15s`, `200ms`, `1h30m` or `7d`: whole numbers, each with its unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HumanDuration(pub Duration);

const UNITS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl HumanDuration {
    /// A duration of whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// A duration of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }
}

/// Why a text is no duration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DurationError {
    /// Nothing was written.
    #[error("a duration is empty; write it as `15s`, `200ms` or `1h30m`")]
    Empty,
    /// A number without its unit.
    #[error("the duration `{0}` lacks a unit; write it as `{0}s` or `{0}ms`")]
    NoUnit(String),
    /// A unit that is not known.
    #[error("`{unit}` in the duration `{text}` is no unit; the units are d, h, m, s, ms, us, ns")]
    Unit {
        /// What was written.
        text: String,
        /// The part that is no unit.
        unit: String,
    },
    /// Something else than whole numbers with units.
    #[error(
        "`{0}` is no duration; write whole numbers with units, such as `15s`, `200ms` or `1h30m`"
    )]
    Number(String),
    /// More than can be counted.
    #[error("the duration `{0}` is too long")]
    TooLong(String),
}

impl FromStr for HumanDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(DurationError::Empty);
        }
        let mut nanos: u128 = 0;
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            let (number, after) = rest.split_at(digits);
            let number: u128 = number
                .parse()
                .map_err(|_| DurationError::Number(text.to_owned()))?;
            let length = after
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(after.len());
            let (unit, after) = after.split_at(length);
            if unit.is_empty() && after.is_empty() && number == 0 {
                break;
            }
            if unit.is_empty() && after.is_empty() {
                return Err(DurationError::NoUnit(text.to_owned()));
            }
            let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                return Err(match unit {
                    "" => DurationError::Number(text.to_owned()),
                    unit => DurationError::Unit {
                        text: text.to_owned(),
                        unit: unit.to_owned(),
                    },
                });
            };
            nanos = number
                .checked_mul(*factor)
                .and_then(|part| part.checked_add(nanos))
                .ok_or_else(|| DurationError::TooLong(text.to_owned()))?;
            rest = after.trim_start();
        }
        let seconds = u64::try_from(nanos / 1_000_000_000)
            .map_err(|_| DurationError::TooLong(text.to_owned()))?;
        let fraction = u32::try_from(nanos % 1_000_000_000).expect("a remainder is below a second");
        Ok(Self(Duration::new(seconds, fraction)))
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_nanos();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, factor) in UNITS {
            if rest >= factor {
                write!(f, "{}{unit}", rest / factor)?;
                rest %= factor;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Deref for HumanDuration {
    type Target = Duration;

    fn deref(&self) -> &Duration {
        &self.0
    }
}

impl From<Duration> for HumanDuration {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl From<HumanDuration> for Duration {
    fn from(duration: HumanDuration) -> Self {
        duration.0
    }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = HumanDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `15s`, `200ms` or `1h30m`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<HumanDuration, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<HumanDuration, E> {
                number.to_string().parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<HumanDuration, E> {
                number.to_string().parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for HumanDuration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A duration such as `15s`, `200ms` or `1h30m`.",
            "pattern": "^([0-9]+(d|h|m|s|ms|us|ns) *)+$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Duration, DurationError> {
        text.parse::<HumanDuration>().map(Duration::from)
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(parse("15s"), Ok(Duration::from_secs(15)));
        assert_eq!(parse("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(parse("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(parse("1m 5s"), Ok(Duration::from_secs(65)));
        assert_eq!(parse("0"), Ok(Duration::ZERO));
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_fix() {
        assert_eq!(parse(""), Err(DurationError::Empty));
        assert_eq!(parse("15"), Err(DurationError::NoUnit("15".into())));
        assert!(matches!(parse("15 s"), Err(DurationError::Number(_))));
        assert!(matches!(parse("-1s"), Err(DurationError::Number(_))));
        assert!(matches!(parse("1.5s"), Err(DurationError::Number(_))));
        assert!(matches!(parse("1w"), Err(DurationError::Unit { .. })));
        assert!(matches!(
            parse("99999999999999999999d"),
            Err(DurationError::TooLong(_))
        ));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["0s", "15s", "200ms", "1h30m", "1d1ns", "1m30s250ms"] {
            let duration: HumanDuration = text.parse().unwrap();
            assert_eq!(duration.to_string(), text);
        }
    }
}

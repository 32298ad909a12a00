//! Values: what a variable holds and what an expression gives.

mod compare;
mod json;
mod map;
mod opaque;
mod text;
mod time;

use std::sync::Arc;

pub use json::Numbers;
pub use map::{Key, Map};
pub use opaque::Opaque;
pub use text::double_text;
#[cfg(test)]
pub(crate) use text::general;
pub use time::{Duration, Timestamp};

/// A value of the expression language. Cloning is cheap: everything large is shared.
#[derive(Debug, Clone)]
pub enum Value {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A double. Every number that comes from JSON is one unless asked otherwise ([`Numbers`]).
    Double(f64),
    /// Text.
    String(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A list.
    List(Arc<Vec<Value>>),
    /// A map, ordered by key.
    Map(Arc<Map>),
    /// A point in time.
    Timestamp(Timestamp),
    /// A span of time.
    Duration(Duration),
    /// A type.
    Type(Type),
    /// A value that may be absent.
    Optional(Option<Arc<Value>>),
    /// A value of a type that a library brings.
    Opaque(Arc<dyn Opaque>),
    /// "Leave me out": the map entry or list item that holds it is dropped when the result is
    /// written as JSON.
    Omit,
}

/// The type of a value, as `type(x)` gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `null_type`.
    Null,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `uint`.
    Uint,
    /// `double`.
    Double,
    /// `string`.
    String,
    /// `bytes`.
    Bytes,
    /// `list`.
    List,
    /// `map`.
    Map,
    /// `google.protobuf.Timestamp`.
    Timestamp,
    /// `google.protobuf.Duration`.
    Duration,
    /// `type`.
    Type,
    /// `optional_type`.
    Optional,
    /// A type that a library brings, by its name.
    Opaque(&'static str),
    /// The type of [`Value::Omit`].
    Omit,
}

impl Type {
    const NAMED: [(&'static str, Self); 14] = [
        ("null_type", Self::Null),
        ("bool", Self::Bool),
        ("int", Self::Int),
        ("uint", Self::Uint),
        ("double", Self::Double),
        ("string", Self::String),
        ("bytes", Self::Bytes),
        ("list", Self::List),
        ("map", Self::Map),
        ("google.protobuf.Timestamp", Self::Timestamp),
        ("google.protobuf.Duration", Self::Duration),
        ("type", Self::Type),
        ("optional_type", Self::Optional),
        ("omit", Self::Omit),
    ];

    /// The name of the type in the language.
    #[must_use]
    pub fn name(self) -> &'static str {
        if let Self::Opaque(name) = self {
            return name;
        }
        Self::NAMED
            .iter()
            .find(|(_, known)| *known == self)
            .map_or("dyn", |(name, _)| name)
    }

    /// The type of the language that has this name. [`Type::Omit`] cannot be named.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let found = Self::NAMED
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, found)| *found)?;
        (found != Self::Omit).then_some(found)
    }
}

impl Value {
    /// A text value.
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    /// A list value.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }

    /// A map value.
    #[must_use]
    pub fn map(map: Map) -> Self {
        Self::Map(Arc::new(map))
    }

    /// An optional that holds `value`.
    #[must_use]
    pub fn some(value: Self) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    /// An optional from a Rust option.
    #[must_use]
    pub fn optional(value: Option<Self>) -> Self {
        Self::Optional(value.map(Arc::new))
    }

    /// A value of a type that a library brings.
    pub fn opaque(value: impl Opaque) -> Self {
        Self::Opaque(Arc::new(value))
    }

    /// The type of the value.
    #[must_use]
    pub fn type_of(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Uint(_) => Type::Uint,
            Self::Double(_) => Type::Double,
            Self::String(_) => Type::String,
            Self::Bytes(_) => Type::Bytes,
            Self::List(_) => Type::List,
            Self::Map(_) => Type::Map,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Duration(_) => Type::Duration,
            Self::Type(_) => Type::Type,
            Self::Optional(_) => Type::Optional,
            Self::Opaque(opaque) => Type::Opaque(opaque.type_name()),
            Self::Omit => Type::Omit,
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, if it is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// Whether this is [`Value::Omit`].
    #[must_use]
    pub const fn is_omit(&self) -> bool {
        matches!(self, Self::Omit)
    }

    /// The integer this number stands for: an integer, or a double without a fraction.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Uint(uint) => i64::try_from(*uint).ok(),
            Self::Double(double) => integral(*double),
            _ => None,
        }
    }
}

/// The integer equal to a double, if there is one.
pub(crate) fn integral(double: f64) -> Option<i64> {
    // 2^63 is exact as a double and is the first one out of range.
    const END: f64 = 9_223_372_036_854_775_808.0;
    (double.fract() == 0.0 && (-END..END).contains(&double)).then_some(double as i64)
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

//! What is known of a value before evaluation.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::value::Type;

/// Parts of a type that are told apart; a larger one is [`StaticType::Dyn`]. Types share their parts, so
/// that a short expression may have one with 2^n of them.
const MAX_PARTS: usize = 64;

/// The type of an expression, as far as it is known before evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaticType {
    /// Anything; only evaluation tells.
    Dyn,
    /// `null`.
    Null,
    /// A boolean.
    Bool,
    /// A signed integer.
    Int,
    /// An unsigned integer.
    Uint,
    /// A double.
    Double,
    /// Text.
    String,
    /// Bytes.
    Bytes,
    /// A point in time.
    Timestamp,
    /// A span of time.
    Duration,
    /// A list of these.
    List(Arc<Self>),
    /// A map from the first to the second.
    Map(Arc<(Self, Self)>),
    /// A value of this type, or nothing.
    Optional(Arc<Self>),
    /// A type itself.
    Type(Arc<Self>),
    /// A value with known fields.
    Object(Arc<ObjectType>),
    /// A type of which only the name and the parameters are known.
    Opaque(Arc<(Arc<str>, Vec<Self>)>),
    /// Any one type, the same wherever a signature says this letter.
    Parameter(char),
    /// A type that is found while an expression is checked.
    #[doc(hidden)]
    Variable(u32),
}

/// The type of a value with known fields.
///
/// Two are the same type if they have the same name, as in cel-go.
#[derive(Debug, Clone)]
pub struct ObjectType {
    name: Arc<str>,
    fields: BTreeMap<Arc<str>, StaticType>,
    open: bool,
}

impl ObjectType {
    /// A type of this name with these fields.
    pub fn new<N: Into<Arc<str>>>(
        name: impl Into<Arc<str>>,
        fields: impl IntoIterator<Item = (N, StaticType)>,
    ) -> Self {
        let fields = fields
            .into_iter()
            .map(|(name, field)| (name.into(), field))
            .collect();
        Self {
            name: name.into(),
            fields,
            open: false,
        }
    }

    /// With further fields, of which nothing is known.
    #[must_use]
    pub fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&StaticType> {
        let any = self.open.then_some(&StaticType::Dyn);
        self.fields.get(name).or(any)
    }

    /// The names of all fields, sorted.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(|name| &**name)
    }
}

impl PartialEq for ObjectType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ObjectType {}

impl StaticType {
    /// A list of these.
    #[must_use]
    pub fn list(item: Self) -> Self {
        Self::List(Arc::new(item.bounded()))
    }

    /// A map from one to the other.
    #[must_use]
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new((key.bounded(), value.bounded())))
    }

    /// An optional of these.
    #[must_use]
    pub fn optional(held: Self) -> Self {
        Self::Optional(Arc::new(held.bounded()))
    }

    /// The type of this type.
    #[must_use]
    pub fn type_of(of: Self) -> Self {
        Self::Type(Arc::new(of.bounded()))
    }

    /// A type of this name with these parameters.
    pub fn opaque(name: impl Into<Arc<str>>, parameters: Vec<Self>) -> Self {
        let parameters = parameters.into_iter().map(Self::bounded).collect();
        Self::Opaque(Arc::new((name.into(), parameters)))
    }

    /// A value with known fields.
    #[must_use]
    pub fn object(object: ObjectType) -> Self {
        Self::Object(Arc::new(object))
    }

    fn bounded(self) -> Self {
        let mut left = MAX_PARTS;
        if self.fits(&mut left) {
            self
        } else {
            Self::Dyn
        }
    }

    /// Counts the parts down, and stops where none is left.
    fn fits(&self, left: &mut usize) -> bool {
        let Some(fewer) = left.checked_sub(1) else {
            return false;
        };
        *left = fewer;
        match self {
            Self::List(inner) | Self::Optional(inner) | Self::Type(inner) => inner.fits(left),
            Self::Map(entry) => entry.0.fits(left) && entry.1.fits(left),
            Self::Opaque(opaque) => opaque.1.iter().all(|part| part.fits(left)),
            _ => true,
        }
    }

    /// The type of the items, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&Self> {
        match self {
            Self::List(item) => Some(item),
            _ => None,
        }
    }

    /// The types of keys and values, if it is a map.
    #[must_use]
    pub fn as_map(&self) -> Option<(&Self, &Self)> {
        match self {
            Self::Map(entry) => Some((&entry.0, &entry.1)),
            _ => None,
        }
    }

    /// The type of which only what evaluation tells apart is known.
    #[must_use]
    pub fn of(kind: Type) -> Self {
        match kind {
            Type::Null => Self::Null,
            Type::Bool => Self::Bool,
            Type::Int => Self::Int,
            Type::Uint => Self::Uint,
            Type::Double => Self::Double,
            Type::String => Self::String,
            Type::Bytes => Self::Bytes,
            Type::Timestamp => Self::Timestamp,
            Type::Duration => Self::Duration,
            Type::List => Self::list(Self::Dyn),
            Type::Map => Self::map(Self::Dyn, Self::Dyn),
            Type::Optional => Self::optional(Self::Dyn),
            Type::Opaque(name) => Self::opaque(name, Vec::new()),
            Type::Type => Self::opaque("type", Vec::new()),
            Type::Omit => Self::Dyn,
        }
    }

    /// The type with each of its parts replaced.
    pub(super) fn map_parts(&self, mut part: impl FnMut(&Self) -> Self) -> Self {
        match self {
            Self::List(item) => Self::list(part(item)),
            Self::Optional(held) => Self::optional(part(held)),
            Self::Type(of) => Self::type_of(part(of)),
            Self::Map(entry) => Self::map(part(&entry.0), part(&entry.1)),
            Self::Opaque(opaque) => {
                Self::opaque(opaque.0.clone(), opaque.1.iter().map(part).collect())
            }
            _ => self.clone(),
        }
    }
}

impl fmt::Display for StaticType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn | Self::Variable(_) => f.write_str("dyn"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::List(item) => write!(f, "list({item})"),
            Self::Map(entry) => write!(f, "map({}, {})", entry.0, entry.1),
            Self::Optional(held) => write!(f, "optional_type({held})"),
            Self::Type(of) => write!(f, "type({of})"),
            Self::Object(object) => f.write_str(object.name()),
            Self::Opaque(opaque) if opaque.1.is_empty() => f.write_str(&opaque.0),
            Self::Opaque(opaque) => {
                let parameters: Vec<_> = opaque.1.iter().map(Self::to_string).collect();
                write!(f, "{}({})", opaque.0, parameters.join(", "))
            }
            Self::Parameter(letter) => write!(f, "{letter}"),
        }
    }
}

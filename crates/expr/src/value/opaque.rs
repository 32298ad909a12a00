//! Values of which the language knows no more than what they say of themselves.

use std::any::Any;
use std::fmt::Debug;

/// A value of a type that a library brings.
///
/// The language passes it on, compares it and names its type; all else is done by the functions of the library.
/// It has no JSON, no order, no fields, and is no key of a map.
pub trait Opaque: Any + Debug + Send + Sync {
    /// The name of the type, as signatures have it.
    fn type_name(&self) -> &'static str;

    /// Whether it is equal to another value.
    fn equals(&self, other: &dyn Opaque) -> bool;

    /// What `string(x)` gives where the type has a text.
    fn text(&self) -> Option<String> {
        None
    }

    /// Bytes that it holds, beside its own.
    fn size(&self) -> usize {
        0
    }
}

impl dyn Opaque {
    /// The value, if it is of this type.
    #[must_use]
    pub fn downcast<T: Opaque>(&self) -> Option<&T> {
        let any: &dyn Any = self;
        any.downcast_ref()
    }
}

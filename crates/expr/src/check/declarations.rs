//! Which variables there are, and of which types.

use std::sync::Arc;

use super::StaticType;

/// The variables that an expression may name, with their types. Cloning is cheap, and so is adding one.
#[derive(Debug, Clone, Default)]
pub struct Declarations {
    open: bool,
    top: Option<Arc<Layer>>,
}

#[derive(Debug)]
struct Layer {
    name: Arc<str>,
    known: StaticType,
    below: Option<Arc<Self>>,
}

impl Declarations {
    /// No variables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Any variable, of any type: what is known of an expression by itself.
    #[must_use]
    pub const fn open() -> Self {
        Self {
            open: true,
            top: None,
        }
    }

    /// These and one more, which hides one of the same name.
    #[must_use]
    pub fn with(&self, name: impl Into<Arc<str>>, known: StaticType) -> Self {
        Self {
            open: self.open,
            top: Some(Arc::new(Layer {
                name: name.into(),
                known,
                below: self.top.clone(),
            })),
        }
    }

    /// The type of a variable.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&StaticType> {
        let mut layer = self.top.as_deref();
        while let Some(current) = layer {
            if &*current.name == name {
                return Some(&current.known);
            }
            layer = current.below.as_deref();
        }
        None
    }

    pub(super) const fn is_open(&self) -> bool {
        self.open
    }
}

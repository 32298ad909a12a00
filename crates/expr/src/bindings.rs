//! Names and their values, in layers.

use std::sync::Arc;

use crate::value::Value;

/// The variables an expression sees. Cloning and extending are cheap: a layer is shared, and a
/// later layer hides the same name in an earlier one.
#[derive(Debug, Clone, Default)]
pub struct Bindings {
    top: Option<Arc<Layer>>,
}

#[derive(Debug)]
struct Layer {
    values: Vec<(Arc<str>, Value)>,
    below: Option<Arc<Layer>>,
}

impl Bindings {
    /// No variables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These bindings, and `values` over them in one layer.
    #[must_use]
    pub fn with_all<N: Into<Arc<str>>>(
        &self,
        values: impl IntoIterator<Item = (N, Value)>,
    ) -> Self {
        let values = values
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect();
        Self {
            top: Some(Arc::new(Layer {
                values,
                below: self.top.clone(),
            })),
        }
    }

    /// These bindings, and one more over them.
    #[must_use]
    pub fn with(&self, name: impl Into<Arc<str>>, value: Value) -> Self {
        self.with_all([(name, value)])
    }

    /// The value of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Value> {
        let mut layer = self.top.as_deref();
        while let Some(current) = layer {
            let hit = current
                .values
                .iter()
                .rev()
                .find(|(bound, _)| &**bound == name);
            if let Some((_, value)) = hit {
                return Some(value);
            }
            layer = current.below.as_deref();
        }
        None
    }

    /// Every name in scope, sorted, each once.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let mut layer = self.top.as_deref();
        while let Some(current) = layer {
            names.extend(current.values.iter().map(|(name, _)| &**name));
            layer = current.below.as_deref();
        }
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Layers may be stacked deeper than the stack is; they are taken apart in a loop.
impl Drop for Layer {
    fn drop(&mut self) {
        let mut next = self.below.take();
        while let Some(mut layer) = next.and_then(|layer| Arc::try_unwrap(layer).ok()) {
            next = layer.below.take();
        }
    }
}

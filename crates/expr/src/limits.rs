//! What one expression may cost.

/// Bounds on one expression: on its text when it is compiled, on its work when it is evaluated.
///
/// A bound that is met is an error ([`crate::Error::Limit`]), never a truncated result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the source text, in bytes.
    pub source_bytes: usize,
    /// Nesting of the syntax tree, in levels. Bounds the stack in parsing and in evaluation.
    pub depth: usize,
    /// Evaluated nodes and visited elements, over one evaluation.
    pub steps: u64,
    /// Text, list slots and map slots built over one evaluation, in bytes (a slot counts 32).
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_bytes: 64 << 10,
            depth: 128,
            steps: 1_000_000,
            bytes: 32 << 20,
        }
    }
}

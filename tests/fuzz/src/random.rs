//! Numbers that follow from a seed (xorshift).

#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A number below `end`; zero where there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let number = usize::try_from(self.0 >> 16).unwrap_or_default();
        number.checked_rem(end).unwrap_or_default()
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }

    /// One of some texts; the empty one where there is none.
    pub(crate) fn text<'a>(&mut self, all: &[&'a str]) -> &'a str {
        self.pick(all).copied().unwrap_or_default()
    }
}

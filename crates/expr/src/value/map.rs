//! Maps, ordered by key.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::Value;

/// A map from keys to values, iterated in key order.
///
/// The entries lie in one sorted list: the maps of expressions are small, are copied far more often than they are
/// changed, and come in key order mostly. A large one is collected from its entries and not inserted key by key,
/// since every key that is not the last moves those behind it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Map {
    entries: Vec<(Key, Value)>,
}

/// Up to so many entries, comparing each for equality is faster than halving the list in order.
const SMALL: usize = 16;

impl Map {
    /// No entries.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// No entries, and room for so many.
    #[must_use]
    pub fn with_capacity(entries: usize) -> Self {
        Self {
            entries: Vec::with_capacity(entries),
        }
    }

    /// From entries in any order; of equal keys the last one wins.
    #[must_use]
    pub fn from_entries(mut entries: Vec<(Key, Value)>) -> Self {
        if !entries.is_sorted_by(|(left, _), (right, _)| left < right) {
            entries.sort_by(|(left, _), (right, _)| left.cmp(right));
            entries.dedup_by(|(later, value), (key, kept)| {
                let same = later == key;
                if same {
                    std::mem::swap(kept, value);
                }
                same
            });
        }
        Self { entries }
    }

    /// As [`Map::from_entries`], where no two keys may be equal.
    ///
    /// # Errors
    /// A key that is there twice.
    pub fn from_distinct(mut entries: Vec<(Key, Value)>) -> Result<Self, Key> {
        if !entries.is_sorted_by(|(left, _), (right, _)| left < right) {
            entries.sort_by(|(left, _), (right, _)| left.cmp(right));
            let twice = entries.windows(2).find(|pair| pair[0].0 == pair[1].0);
            if let Some(twice) = twice {
                return Err(twice[0].0.clone());
            }
        }
        Ok(Self { entries })
    }

    /// How many entries there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Value> {
        if let Key::String(text) = key {
            return self.get_text(text);
        }
        let at = self.position(key).ok()?;
        self.entries.get(at).map(|(_, value)| value)
    }

    /// The value of a text key.
    #[must_use]
    pub fn get_text(&self, key: &str) -> Option<&Value> {
        if self.entries.len() > SMALL {
            let at = self.text_position(key).ok()?;
            return self.entries.get(at).map(|(_, value)| value);
        }
        let mut entries = self.entries.iter();
        let found =
            entries.find(|(known, _)| matches!(known, Key::String(known) if **known == *key));
        found.map(|(_, value)| value)
    }

    /// The value of a text key, to be changed.
    pub fn get_text_mut(&mut self, key: &str) -> Option<&mut Value> {
        let at = self.text_position(key).ok()?;
        self.entries.get_mut(at).map(|(_, value)| value)
    }

    /// Whether there is such a key.
    #[must_use]
    pub fn contains_key(&self, key: &Key) -> bool {
        self.position(key).is_ok()
    }

    /// Adds an entry, and gives back the value that the key had.
    pub fn insert(&mut self, key: Key, value: Value) -> Option<Value> {
        match self.position(&key) {
            Ok(at) => {
                let old = self.entries.get_mut(at)?;
                Some(std::mem::replace(&mut old.1, value))
            }
            Err(at) => {
                self.entries.insert(at, (key, value));
                None
            }
        }
    }

    /// The value of a text key, after adding it where there is none.
    pub fn text_or_insert_with(&mut self, key: &str, value: impl FnOnce() -> Value) -> &mut Value {
        let at = match self.text_position(key) {
            Ok(at) => at,
            Err(at) => {
                self.entries.insert(at, (Key::string(key), value()));
                at
            }
        };
        &mut self.entries[at].1
    }

    /// This map with the entries of another over it.
    #[must_use]
    pub fn merged(&self, over: &Self) -> Self {
        let mut entries = Vec::with_capacity(self.len() + over.len());
        let mut below = self.entries.iter().peekable();
        for entry in &over.entries {
            while let Some(lower) = below.next_if(|lower| lower.0 < entry.0) {
                entries.push(lower.clone());
            }
            below.next_if(|lower| lower.0 == entry.0);
            entries.push(entry.clone());
        }
        entries.extend(below.cloned());
        Self { entries }
    }

    /// The entries in key order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Key, &Value)> + Clone {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Key> {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.entries.iter().map(|(_, value)| value)
    }

    fn position(&self, key: &Key) -> Result<usize, usize> {
        match key {
            Key::String(text) => self.text_position(text),
            _ => self.entries.binary_search_by(|(known, _)| known.cmp(key)),
        }
    }

    fn text_position(&self, text: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|(known, _)| match known {
            Key::String(known) => (**known).cmp(text),
            // Text comes after all else.
            _ => Ordering::Less,
        })
    }
}

impl FromIterator<(Key, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Key, Value)>>(entries: I) -> Self {
        Self::from_entries(entries.into_iter().collect())
    }
}

/// A map key. Integers of equal value are the same key, whatever their type.
#[derive(Debug, Clone)]
pub enum Key {
    /// A boolean key.
    Bool(bool),
    /// A signed integer key.
    Int(i64),
    /// An unsigned integer key.
    Uint(u64),
    /// A text key.
    String(Arc<str>),
}

impl Key {
    /// A text key.
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    /// The key a value stands for: booleans, integers, doubles without a fraction, and text.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(Self::Bool(*truth)),
            Value::Int(int) => Some(Self::Int(*int)),
            Value::Uint(uint) => Some(Self::Uint(*uint)),
            Value::Double(_) => value.as_integer().map(Self::Int),
            Value::String(text) => Some(Self::String(text.clone())),
            _ => None,
        }
    }

    /// The key as a value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Int(int) => Value::Int(*int),
            Self::Uint(uint) => Value::Uint(*uint),
            Self::String(text) => Value::String(text.clone()),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Int(_) | Self::Uint(_) => 1,
            Self::String(_) => 2,
        }
    }

    fn number(&self) -> i128 {
        match self {
            Self::Bool(truth) => i128::from(*truth),
            Self::Int(int) => i128::from(*int),
            Self::Uint(uint) => i128::from(*uint),
            Self::String(_) => 0,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Int(int) => write!(f, "{int}"),
            Self::Uint(uint) => write!(f, "{uint}"),
            Self::String(text) => f.write_str(text),
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::String(left), Self::String(right)) => left.cmp(right),
            _ => self
                .rank()
                .cmp(&other.rank())
                .then_with(|| self.number().cmp(&other.number())),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key {}

//! Lists: a page of objects at one revision.
//!
//! A list that is continued keeps the revision of its first page, so that a watcher that begins there
//! misses nothing; it may see again what a later page already had.

use std::{fmt, str::FromStr, sync::Arc};

use model::{IndexKey, KindName, ObjectKey, Revision, Stored};

use crate::{Error, Selector, Store, keys};

mod select;

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Within {
    /// The cluster-scoped objects.
    Cluster,
    /// The objects of one namespace.
    Namespace(String),
    /// The objects of every namespace.
    AllNamespaces,
}

/// Which objects to list.
#[derive(Debug, Clone)]
pub struct Query {
    /// Their kind.
    pub kind: KindName,
    /// Where they live.
    pub within: Within,
    /// What their labels say.
    pub selector: Selector,
    /// An index in which they lie.
    pub index: Option<IndexKey>,
    /// The most objects of a page; with none it only counts.
    pub limit: usize,
    /// Where the page begins: [`Page::next`] of the one before.
    pub after: Option<Cursor>,
}

impl Query {
    /// Every object of `kind` in `within`, on one page.
    #[must_use]
    pub fn all(kind: KindName, within: Within) -> Self {
        let selector = Selector::default();
        Self {
            kind,
            within,
            selector,
            index: None,
            limit: usize::MAX,
            after: None,
        }
    }
}

/// Objects, in the order of their keys.
#[derive(Debug, Clone)]
pub struct Page {
    /// The objects.
    pub items: Vec<Arc<Stored>>,
    /// Where the next page begins; absent on the last.
    pub next: Option<Cursor>,
    /// How many objects follow this page.
    pub remaining: u64,
    /// Watch from here to see every change that the list does not show.
    pub revision: Revision,
}

/// A place in a list. Its text is opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) revision: Revision,
    pub(crate) object: String,
}

impl Cursor {
    /// The place after an object, in a list that began at a revision.
    #[must_use]
    pub fn after(revision: Revision, key: &ObjectKey) -> Self {
        let object = keys::object(key);
        Self { revision, object }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.revision, self.object)
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (revision, object) = text.split_once('/').ok_or(Error::Cursor)?;
        let revision = revision.parse().map_err(|_| Error::Cursor)?;
        keys::parse_object(object).map_err(|_| Error::Cursor)?;
        Ok(Self {
            revision,
            object: object.to_owned(),
        })
    }
}

impl Store {
    /// A page of objects.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, query: &Query) -> Result<Page, Error> {
        let mut snapshot = self.snapshot().await?;
        select::page(&mut snapshot.sql(), query).await
    }
}

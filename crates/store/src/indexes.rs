//! Indexes: all objects that share a property.
//!
//! Every index has two marks, the revisions at which its members, or a facet of one of them, last
//! changed. A decision that read an index is verified by its mark, at the same cost for two members
//! and for ten thousand.

use std::sync::Arc;

use model::{Facet, IndexKey, ObjectKey, Revision, Stored};

use crate::{Error, Seen, Store, keys, sql};

/// The objects of an index.
#[derive(Debug, Clone, Default)]
pub struct Members {
    /// The objects, in the order of their keys.
    pub objects: Vec<Arc<Stored>>,
    pub(crate) marks: Marks,
}

/// When an index last changed, by facet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) spec: Revision,
    pub(crate) exports: Revision,
}

impl Marks {
    pub(crate) const fn of(self, facet: Facet) -> Revision {
        match facet {
            Facet::Spec => self.spec,
            Facet::Exports => self.exports,
        }
    }

    fn newest(self) -> Revision {
        self.spec.max(self.exports)
    }
}

/// What memory keeps of an index: members by name, so that objects are kept once.
#[derive(Debug, Clone, Default)]
pub(crate) struct IndexEntry {
    pub(crate) objects: Vec<String>,
    pub(crate) marks: Marks,
}

impl Members {
    /// What is to be recorded of having read these members in this facet.
    #[must_use]
    pub const fn seen(&self, facet: Facet) -> Seen {
        Seen::Mark(self.marks.of(facet))
    }

    /// The keys of the members.
    pub fn keys(&self) -> impl Iterator<Item = &ObjectKey> {
        self.objects.iter().map(|object| &object.envelope.key)
    }
}

impl Store {
    /// The objects that lie in an index.
    ///
    /// The objects may be newer than the mark, never older, so that a commit built on the pair fails
    /// if they differ.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_index(&self, index: &IndexKey) -> Result<Members, Error> {
        self.catch_up().await?;
        let text = keys::index(index);
        let entry = match self.shared().cache.index(&text) {
            Some(entry) => entry,
            None => self.load_index(text).await?,
        };
        let objects = self.load_known(&entry.objects).await?;
        Ok(Members {
            objects: objects.into_iter().flatten().collect(),
            marks: entry.marks,
        })
    }

    async fn load_index(&self, text: String) -> Result<Arc<IndexEntry>, Error> {
        let stamp = self.shared().cache.stamp();
        let mut snapshot = self.snapshot().await?;
        let mut sql = snapshot.sql();
        let marks = marks(&mut sql, &text).await?;
        let rows = sql
            .rows(
                "SELECT object FROM index_members WHERE entry = $1 ORDER BY object",
                &[text.as_str().into()],
            )
            .await?;
        let objects = rows
            .iter()
            .map(|row| row.string(0))
            .collect::<Result<_, _>>()?;
        drop(snapshot);
        // The members that memory holds are as new as the marks then.
        self.reach(marks.newest()).await?;
        let entry = Arc::new(IndexEntry { objects, marks });
        self.shared()
            .cache
            .fill_index(text, Arc::clone(&entry), stamp);
        Ok(entry)
    }
}

/// The marks of an index; zero when nothing ever lay in it.
async fn marks(sql: &mut sql::Sql<'_>, index: &str) -> Result<Marks, Error> {
    let row = sql
        .row(
            "SELECT spec_revision, exports_revision FROM index_marks WHERE entry = $1",
            &[index.into()],
        )
        .await?;
    row.map_or(Ok(Marks::default()), |row| {
        Ok(Marks {
            spec: Revision(row.number(0)?),
            exports: Revision(row.number(1)?),
        })
    })
}

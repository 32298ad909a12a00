//! The policy that counts: the roles and bindings of the store, compiled, once a replica.
//!
//! Whoever asks gets a policy that is at least as new as the newest change that any replica has answered:
//! the asker itself reads the part of the watch log that is missing, and compiles anew if a role or
//! binding is in it. What was granted or taken counts from the answer on, at every replica; there is no
//! task that could lag.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, MutexGuard};

use authz::Policy;
use model::{Envelope, KindName, Revision};
use store::{Changes, Query, Store, Within};

/// Most changes that are read at once.
const BATCH: usize = 256;

/// Whether objects of this kind say who may do what.
pub(crate) const fn is_about_access(kind: KindName) -> bool {
    matches!(kind, KindName::AuthzRole | KindName::AuthzRoleBinding)
}

/// Gives the policy that counts. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Policies(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    known: ArcSwap<Known>,
    /// One asker reads on, the others wait for it.
    reading: Mutex<()>,
    /// One writer of roles and bindings at a time, so that each is judged by what is there.
    writing: Mutex<()>,
}

/// A policy, and the revision up to which it holds every change.
#[derive(Debug)]
struct Known {
    revision: Revision,
    policy: Arc<Policy>,
}

impl Policies {
    /// Compiles what the store holds.
    pub(crate) async fn load(store: Store) -> Result<Self, store::Error> {
        let known = read(&store).await?;
        Ok(Self(Arc::new(Inner {
            store,
            known: ArcSwap::from_pointee(known),
            reading: Mutex::default(),
            writing: Mutex::default(),
        })))
    }

    /// The policy as of the newest change that any replica has answered, or later.
    pub(crate) async fn current(&self) -> Result<Arc<Policy>, store::Error> {
        let newest = self.0.store.newest_revision().await?;
        if let Some(policy) = self.up_to(newest) {
            return Ok(policy);
        }
        let _reading = self.0.reading.lock().await;
        if let Some(policy) = self.up_to(newest) {
            return Ok(policy);
        }
        let before = self.0.known.load_full();
        let known = match self.read_on(before.revision, newest).await? {
            Some(revision) => Known {
                revision,
                policy: Arc::clone(&before.policy),
            },
            None => read(&self.0.store).await?,
        };
        let policy = Arc::clone(&known.policy);
        self.0.known.store(Arc::new(known));
        Ok(policy)
    }

    /// The right to write roles and bindings.
    pub(crate) async fn writing(&self) -> MutexGuard<'_, ()> {
        self.0.writing.lock().await
    }

    fn up_to(&self, revision: Revision) -> Option<Arc<Policy>> {
        let known = self.0.known.load();
        (known.revision >= revision).then(|| Arc::clone(&known.policy))
    }

    /// Reads the changes from one revision to at least another. Gives the revision up to which they are
    /// about nothing that matters here; nothing if one of them does, or may.
    async fn read_on(
        &self,
        from: Revision,
        to: Revision,
    ) -> Result<Option<Revision>, store::Error> {
        let mut at = from;
        while at < to {
            let Changes::Events { events, up_to } = self.0.store.changes(at, BATCH).await? else {
                return Ok(None);
            };
            if events
                .iter()
                .any(|event| is_about_access(event.object.key.kind))
            {
                return Ok(None);
            }
            at = up_to;
        }
        Ok(Some(at))
    }
}

/// Reads and compiles all roles and bindings.
async fn read(store: &Store) -> Result<Known, store::Error> {
    let revision = store.newest_revision().await?;
    let policy = Policy::compile(&objects(store).await?);
    for problem in policy.problems() {
        tracing::warn!(object = %problem.object, problem = %problem.diagnostic, "access is not as written");
    }
    Ok(Known {
        revision,
        policy: Arc::new(policy),
    })
}

/// All roles and bindings.
pub(crate) async fn objects(store: &Store) -> Result<Vec<Envelope>, store::Error> {
    let mut objects = Vec::new();
    for kind in [KindName::AuthzRole, KindName::AuthzRoleBinding] {
        for within in [Within::Cluster, Within::AllNamespaces] {
            let page = store.list(&Query::all(kind, within)).await?;
            objects.extend(page.items.iter().map(|stored| stored.envelope.clone()));
        }
    }
    Ok(objects)
}

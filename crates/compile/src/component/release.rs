//! A release, as snapshots hold it.

use std::{ops::Deref, sync::Arc};

use serde::{Serialize, Serializer};

use model::{Digest, kinds::ComponentRelease};

/// A release with the digests of its parts, by which what was made of them is found again. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Release(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    spec: ComponentRelease,
    digest: Digest,
    component_type: Digest,
    traits: Vec<Digest>,
}

impl From<ComponentRelease> for Release {
    fn from(spec: ComponentRelease) -> Self {
        let component_type = digest_of(&spec.component_type);
        let traits: Vec<_> = spec.traits.iter().map(digest_of).collect();
        let own = (&spec.owner, &spec.component_profile, &spec.workload);
        Self(Arc::new(Inner {
            digest: digest_of(&(component_type, &traits, own)),
            component_type,
            traits,
            spec,
        }))
    }
}

fn digest_of(part: &impl Serialize) -> Digest {
    Digest::of(&serde_json::to_vec(part).expect("specs have string keys"))
}

impl Release {
    /// Makes it another release.
    pub fn change(&mut self, change: impl FnOnce(&mut ComponentRelease)) {
        let mut spec = self.0.spec.clone();
        change(&mut spec);
        *self = Self::from(spec);
    }

    pub(crate) fn type_digest(&self) -> &Digest {
        &self.0.component_type
    }

    /// In the order of the traits.
    pub(crate) fn trait_digests(&self) -> &[Digest] {
        &self.0.traits
    }
}

impl Deref for Release {
    type Target = ComponentRelease;

    fn deref(&self) -> &ComponentRelease {
        &self.0.spec
    }
}

/// The digest stands for all of it.
impl Serialize for Release {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.digest.serialize(serializer)
    }
}

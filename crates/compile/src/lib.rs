//! The compiler: snapshots to bundles.
//!
//! Step 6 of the flow, and what admission, releases and previews share with it. Pure: it reads nothing
//! but its snapshot, knows no time and asks no cluster, so the same snapshot gives the same digest
//! anywhere. What fails is a diagnostic with the place in the template, never a panic.

pub mod audit;
pub mod component;
pub mod connections;
pub mod context;
pub mod cut;
pub mod endpoint_schema;
pub mod endpoints;
pub mod functions;
mod go;
pub mod names;
pub mod network_policy;
pub mod object;
pub mod patch;
pub mod project;
pub mod readiness;
pub mod render;
mod rules;
pub mod schema;
pub mod template;
mod traits;
pub mod vet;
pub mod workflow;

// The recorded rows are read by one module, here and in the tests of the public interface.
#[cfg(test)]
extern crate self as compile;
#[cfg(test)]
#[path = "../tests/it/compat.rs"]
mod compat;
#[cfg(test)]
#[path = "../tests/it/snapshots.rs"]
mod snapshots;

use std::sync::Arc;

use model::{Diagnostics, Digest, canonical};
use moka::sync::Cache;
use serde::Serialize;

use functions::Methods;
use template::Engine;

/// Version of the compiler's output. It rises when the same snapshot gives another bundle, so that an
/// older hub never overwrites what a newer one made.
pub const EPOCH: u32 = 1;

/// Largest memory that compiled snapshots take, in bytes of their bundles' text.
const CACHE_BYTES: u64 = 64 << 20;

/// Compiles snapshots. Cheap to clone; clones share parsed templates and compiled snapshots.
#[derive(Debug, Clone)]
pub struct Compiler {
    plain: Engine,
    component: Engine,
    components: Cache<Digest, Result<Arc<component::Compiled>, Diagnostics>>,
    projects: Cache<Digest, Result<Arc<project::Compiled>, project::Refused>>,
    workflows: Cache<Digest, Result<Arc<workflow::Compiled>, Diagnostics>>,
}

impl Default for Compiler {
    fn default() -> Self {
        Self::new()
    }
}

impl Compiler {
    /// A compiler with empty caches.
    #[must_use]
    pub fn new() -> Self {
        Self {
            plain: Engine::new(Methods::Plain),
            component: Engine::new(Methods::Component),
            components: cache(
                |compiled: &Result<Arc<component::Compiled>, _>| match compiled {
                    Ok(compiled) => compiled.bundle.objects.len(),
                    Err(_) => 1,
                },
            ),
            projects: cache(
                |compiled: &Result<Arc<project::Compiled>, _>| match compiled {
                    Ok(compiled) => compiled.bundle.objects.len(),
                    Err(_) => 1,
                },
            ),
            workflows: cache(
                |compiled: &Result<Arc<workflow::Compiled>, _>| match compiled {
                    Ok(compiled) => compiled.bundle.objects.len(),
                    Err(_) => 1,
                },
            ),
        }
    }

    /// What a component is in an environment.
    ///
    /// # Errors
    /// Every problem that stops it, with its place.
    pub fn component(
        &self,
        snapshot: &component::Snapshot,
    ) -> Result<Arc<component::Compiled>, Diagnostics> {
        self.components.get_with(digest_of(snapshot), || {
            component::compile(self, snapshot).map(Arc::new)
        })
    }

    /// What the cell of a project is in an environment.
    ///
    /// # Errors
    /// Why it cannot be compiled.
    pub fn project(
        &self,
        snapshot: &project::Snapshot,
    ) -> Result<Arc<project::Compiled>, project::Refused> {
        self.projects.get_with(digest_of(snapshot), || {
            project::compile(self, snapshot).map(Arc::new)
        })
    }

    /// What a workflow run is on its plane.
    ///
    /// # Errors
    /// Every problem that stops it, with its place.
    pub fn workflow(
        &self,
        snapshot: &workflow::Snapshot,
    ) -> Result<Arc<workflow::Compiled>, Diagnostics> {
        self.workflows.get_with(digest_of(snapshot), || {
            workflow::compile(self, snapshot).map(Arc::new)
        })
    }

    /// The engine of component types and traits.
    pub(crate) const fn component_engine(&self) -> &Engine {
        &self.component
    }

    /// The engine of everything else.
    pub(crate) const fn plain_engine(&self) -> &Engine {
        &self.plain
    }
}

/// The identity of a snapshot: everything that it says.
fn digest_of(snapshot: &impl Serialize) -> Digest {
    let value = serde_json::to_value(snapshot).expect("snapshots have string keys");
    canonical::digest(&value)
}

/// A cache bounded by the size of what it holds, taken as 4 KiB an object.
fn cache<V: Clone + Send + Sync + 'static>(
    objects: impl Fn(&V) -> usize + Send + Sync + 'static,
) -> Cache<Digest, V> {
    Cache::builder()
        .max_capacity(CACHE_BYTES)
        .weigher(move |_, value| {
            u32::try_from(objects(value).saturating_mul(4096)).unwrap_or(u32::MAX)
        })
        .build()
}

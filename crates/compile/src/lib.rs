//! The compiler: snapshots to bundles.
//!
//! Step 6 of the flow, and what admission, releases and previews share with it. Pure: it reads nothing
//! but its snapshot, knows no time and asks no cluster, so the same snapshot gives the same digest
//! anywhere. What fails is a diagnostic with the place in the template, never a panic.

pub mod assemble;
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
mod prepared;
pub mod project;
pub mod readiness;
pub mod ready;
pub mod render;
pub mod resource;
mod rules;
pub mod schema;
pub mod template;
pub mod trace;
mod traits;
pub mod tree;
pub mod vet;
pub mod workflow;

// Snapshots of recorded rows are made by one module, here and in the tests of the public interface.
#[cfg(test)]
extern crate self as compile;
#[cfg(test)]
#[path = "../tests/it/snapshots.rs"]
mod snapshots;

use std::sync::Arc;

use moka::sync::Cache;
use serde::Serialize;

use model::{Diagnostics, Digest};

use functions::Methods;
use prepared::Prepared;
use template::Engine;

/// Version of the compiler's output. It rises when the same snapshot gives another bundle, so that an
/// older hub never overwrites what a newer one made.
pub const EPOCH: u32 = 1;

/// What a compiler may remember, and what it may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Text of compiled bundles that is kept for unchanged snapshots, in bytes, for each kind of
    /// snapshot.
    pub cache_bytes: u64,
    /// Steps of one render, over all its expressions, templates and patches.
    pub render_steps: u64,
    /// Bytes that one render may build.
    pub render_bytes: u64,
}

impl Limits {
    /// What the expressions of one render may cost together.
    pub(crate) fn render(&self) -> expr::Limits {
        expr::Limits {
            steps: self.render_steps,
            bytes: self.render_bytes,
            ..expr::Limits::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cache_bytes: 64 << 20,
            render_steps: template::budget::STEPS,
            render_bytes: template::budget::BYTES,
        }
    }
}

/// Compiles snapshots. Cheap to clone; clones share parsed templates and compiled snapshots.
#[derive(Debug, Clone)]
pub struct Compiler {
    limits: Limits,
    plain: Engine,
    component: Engine,
    prepared: Prepared,
    components: Cache<Digest, Result<Arc<component::Compiled>, Diagnostics>>,
    projects: Cache<Digest, Result<Arc<project::Compiled>, project::Refused>>,
    resources: Cache<Digest, Result<Arc<resource::Compiled>, Diagnostics>>,
    workflows: Cache<Digest, Result<Arc<workflow::Compiled>, Diagnostics>>,
}

impl Default for Compiler {
    fn default() -> Self {
        Self::new()
    }
}

impl Compiler {
    /// A compiler with empty caches and the usual limits.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// A compiler with empty caches.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            limits,
            plain: Engine::new(Methods::Plain),
            component: Engine::new(Methods::Component),
            prepared: Prepared::new(),
            components: cache(limits, |compiled: &component::Compiled| compiled.bytes()),
            projects: cache(limits, |compiled: &project::Compiled| compiled.bytes()),
            resources: cache(limits, |compiled: &resource::Compiled| compiled.bytes()),
            workflows: cache(limits, |compiled: &workflow::Compiled| compiled.bytes()),
        }
    }

    /// What a component is in an environment. An unchanged snapshot is looked up.
    ///
    /// # Errors
    /// Every problem that stops it, with its place.
    pub fn component(
        &self,
        snapshot: &component::Snapshot,
    ) -> Result<Arc<component::Compiled>, Diagnostics> {
        self.remembered(&self.components, snapshot, || {
            component::compile(self, snapshot)
        })
    }

    /// What the cell of a project is in an environment. An unchanged snapshot is looked up.
    ///
    /// # Errors
    /// Why it cannot be compiled.
    pub fn project(
        &self,
        snapshot: &project::Snapshot,
    ) -> Result<Arc<project::Compiled>, project::Refused> {
        self.remembered(&self.projects, snapshot, || {
            project::compile(self, snapshot)
        })
    }

    /// What a resource is in an environment. An unchanged snapshot is looked up.
    ///
    /// # Errors
    /// Every problem that stops it, with its place.
    pub fn resource(
        &self,
        snapshot: &resource::Snapshot,
    ) -> Result<Arc<resource::Compiled>, Diagnostics> {
        self.remembered(&self.resources, snapshot, || {
            resource::compile(self, snapshot)
        })
    }

    /// What a workflow run is on its plane. An unchanged snapshot is looked up.
    ///
    /// # Errors
    /// Every problem that stops it, with its place.
    pub fn workflow(
        &self,
        snapshot: &workflow::Snapshot,
    ) -> Result<Arc<workflow::Compiled>, Diagnostics> {
        self.remembered(&self.workflows, snapshot, || {
            workflow::compile(self, snapshot)
        })
    }

    /// What was compiled of a snapshot before, or is now. A compiler that may keep nothing does not look.
    fn remembered<T: Send + Sync + 'static, E: Clone + Send + Sync + 'static>(
        &self,
        known: &Cache<Digest, Result<Arc<T>, E>>,
        snapshot: &impl Serialize,
        compile: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        if self.limits.cache_bytes == 0 {
            return compile().map(Arc::new);
        }
        known.get_with(digest_of(snapshot), || compile().map(Arc::new))
    }

    /// What one render may cost.
    pub(crate) fn render_limits(&self) -> expr::Limits {
        self.limits.render()
    }

    /// The engine of component types and traits.
    pub(crate) const fn component_engine(&self) -> &Engine {
        &self.component
    }

    /// What is parsed of a release, once for each type and trait.
    pub(crate) fn prepare(&self, release: &component::Release) -> prepared::Parts {
        self.prepared.parts(&self.component, release)
    }

    /// The engine of everything else.
    pub(crate) const fn plain_engine(&self) -> &Engine {
        &self.plain
    }
}

/// The identity of a snapshot: everything that it says, in the order in which it says it. Two that say
/// the same in another order are compiled twice, and to the same bundle.
fn digest_of(snapshot: &impl Serialize) -> Digest {
    Digest::of(&serde_json::to_vec(snapshot).expect("snapshots have string keys"))
}

/// A cache bounded by the bytes of what it holds.
fn cache<T: Send + Sync + 'static, E: Clone + Send + Sync + 'static>(
    limits: Limits,
    bytes: impl Fn(&T) -> usize + Send + Sync + 'static,
) -> Cache<Digest, Result<Arc<T>, E>> {
    /// Key, entry and the like, and all of a failure.
    const OVERHEAD: usize = 1024;
    Cache::builder()
        .max_capacity(limits.cache_bytes)
        .weigher(move |_, compiled: &Result<Arc<T>, E>| {
            let bytes = compiled.as_ref().map_or(0, |compiled| bytes(compiled));
            u32::try_from(bytes.saturating_add(OVERHEAD)).unwrap_or(u32::MAX)
        })
        .build()
}

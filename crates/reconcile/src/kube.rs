//! What the agent does to its cluster, as a trait: so that tests and simulations bring a cluster of their own.

use serde_json::Value;

use cluster::{Blob, Cluster, Deleted, Force, ObjectId, Precondition, Record, Records, Result};
use model::UnitId;

/// The calls of an agent. Every one ends within a deadline.
pub trait Kube: Send + Sync + 'static {
    /// Applies an object and gives it as it is now.
    fn apply(&self, object: &Value, force: Force) -> impl Future<Output = Result<Value>> + Send;

    /// Creates an object that must not exist yet.
    fn create(&self, object: &Value) -> impl Future<Output = Result<Value>> + Send;

    /// Merges a patch into an object.
    fn merge(&self, id: &ObjectId, patch: &Value) -> impl Future<Output = Result<Value>> + Send;

    /// Deletes an object.
    fn delete(
        &self,
        id: &ObjectId,
        precondition: &Precondition,
    ) -> impl Future<Output = Result<Deleted>> + Send;

    /// An object, or `None` if there is none.
    fn find(&self, id: &ObjectId) -> impl Future<Output = Result<Option<Value>>> + Send;

    /// Writes a unit record by compare-and-set and gives its new version.
    fn put_record(&self, record: &Record) -> impl Future<Output = Result<String>> + Send;

    /// The record of a unit.
    fn find_record(&self, unit: &UnitId) -> impl Future<Output = Result<Option<Record>>> + Send;

    /// Removes the record of a unit.
    fn remove_record(&self, unit: &UnitId) -> impl Future<Output = Result<()>> + Send;

    /// Removes what a large bundle left behind that no record names any more.
    fn remove_chunks(&self, blob: &Blob) -> impl Future<Output = Result<()>> + Send;
}

/// A real cluster and the records in it.
#[derive(Debug, Clone)]
pub struct InCluster {
    cluster: Cluster,
    records: Records,
}

impl InCluster {
    /// The calls to `cluster`, with `records` in it.
    #[must_use]
    pub const fn new(cluster: Cluster, records: Records) -> Self {
        Self { cluster, records }
    }
}

impl Kube for InCluster {
    async fn apply(&self, object: &Value, force: Force) -> Result<Value> {
        self.cluster.apply(object, force).await
    }

    async fn create(&self, object: &Value) -> Result<Value> {
        self.cluster.create(object).await
    }

    async fn merge(&self, id: &ObjectId, patch: &Value) -> Result<Value> {
        self.cluster.merge(id, patch).await
    }

    async fn delete(&self, id: &ObjectId, precondition: &Precondition) -> Result<Deleted> {
        self.cluster.delete(id, precondition).await
    }

    async fn find(&self, id: &ObjectId) -> Result<Option<Value>> {
        self.cluster.find(id).await
    }

    async fn put_record(&self, record: &Record) -> Result<String> {
        self.records.put(record).await
    }

    async fn find_record(&self, unit: &UnitId) -> Result<Option<Record>> {
        self.records.find(unit).await
    }

    async fn remove_record(&self, unit: &UnitId) -> Result<()> {
        self.records.remove(unit).await
    }

    async fn remove_chunks(&self, blob: &Blob) -> Result<()> {
        self.records.remove_chunks(blob).await
    }
}

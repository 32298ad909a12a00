//! The writer: the one thread of this process that changes the database.
//!
//! It takes everything that waits, up to a bound, runs each operation under a savepoint in one
//! transaction and answers all of them after its fsync. An operation that is refused undoes only
//! itself. If the database fails in the middle, each operation is tried once more alone, so that one
//! that the database cannot carry out does not take others with it. Memory (cache, revision) learns
//! of a change after it is durable and before it is answered.

use std::{fs::File, io, sync::Arc, thread};

use futures::future::{FutureExt as _, LocalBoxFuture};
use sqlx::SqliteConnection;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::{Error, sql::Sql};

mod shared;
#[cfg(test)]
mod tests;
mod txn;

pub(crate) use shared::Shared;
pub(crate) use txn::{Counters, Touched, Txn};

/// Operations that may wait for the writer; more wait outside.
const QUEUE: usize = 1024;
/// Operations of one transaction.
const BATCH: usize = 128;

/// Something to do in the writer. It may be run twice; the first time leaves no trace then.
pub(crate) trait Operation: Send + 'static {
    type Output: Send + 'static;

    async fn run(&self, txn: &mut Txn) -> Result<Self::Output, Error>;
}

/// Hands operations to the writer.
pub(crate) struct Handle {
    jobs: mpsc::Sender<Box<dyn Job>>,
    closing: Arc<Notify>,
    ended: watch::Receiver<()>,
}

impl Handle {
    /// Starts the thread. `lock` is held as long as it lives.
    pub(crate) fn start(
        connection: SqliteConnection,
        hub: String,
        shared: Arc<Shared>,
        lock: File,
    ) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (alive, ended) = watch::channel(());
        let closing = Arc::new(Notify::new());
        let asked = Arc::clone(&closing);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                let txn = Txn::new(connection, hub);
                runtime.block_on(write(txn, queue, &asked, &shared));
                // In this order: who hears of the end may open the database at once.
                drop(lock);
                drop(alive);
            })?;
        Ok(Self {
            jobs,
            closing,
            ended,
        })
    }

    /// Runs an operation and waits until it is durable. It is run even if the caller stops waiting.
    pub(crate) async fn submit<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Pending {
            operation,
            output: None,
            reply,
        });
        self.jobs.send(job).await.map_err(|_| Error::Stopped)?;
        answer.await.map_err(|_| Error::Stopped)?
    }

    /// Takes no further operation, makes those that wait, and ends the thread.
    pub(crate) async fn close(&self) {
        self.closing.notify_one();
        self.ended().await;
    }

    pub(crate) async fn ended(&self) {
        // The other side never sends: an error is the end of the thread.
        while self.ended.clone().changed().await.is_ok() {}
    }
}

async fn write(
    mut txn: Txn,
    mut queue: mpsc::Receiver<Box<dyn Job>>,
    closing: &Notify,
    shared: &Shared,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            biased;
            () = closing.notified() => queue.close(),
            // Cancel-safe: what was not received stays in the queue.
            received = queue.recv_many(&mut batch, BATCH) => {
                if received == 0 {
                    break;
                }
                write_batch(&mut txn, &mut batch, shared).await;
            }
        }
    }
    txn.close().await;
}

async fn write_batch(txn: &mut Txn, batch: &mut Vec<Box<dyn Job>>, shared: &Shared) {
    let failed = run(txn, batch).await.err();
    if failed.is_none() || batch.len() == 1 {
        finish(txn, shared, failed, batch.drain(..));
        return;
    }
    for mut job in batch.drain(..) {
        let failed = run(txn, std::slice::from_mut(&mut job)).await.err();
        finish(txn, shared, failed, std::iter::once(job));
    }
}

/// Runs jobs in one transaction. An error means that nothing of it was kept.
async fn run(txn: &mut Txn, jobs: &mut [Box<dyn Job>]) -> Result<(), Error> {
    txn.begin().await?;
    let outcome = run_each(txn, jobs).await;
    match outcome {
        Ok(()) => txn.commit().await,
        Err(error) => {
            txn.roll_back().await;
            Err(error)
        }
    }
}

async fn run_each(txn: &mut Txn, jobs: &mut [Box<dyn Job>]) -> Result<(), Error> {
    let last = jobs.len().saturating_sub(1);
    for (number, job) in jobs.iter_mut().enumerate() {
        let undo = txn.save();
        match job.run(txn).await {
            Ok(()) if number == last => {}
            Ok(()) => txn.keep().await?,
            Err(error) if error.is_fault() => return Err(error),
            Err(_) => txn.undo(undo).await?,
        }
    }
    Ok(())
}

fn finish(
    txn: &mut Txn,
    shared: &Shared,
    failed: Option<Error>,
    jobs: impl Iterator<Item = Box<dyn Job>>,
) {
    match &failed {
        Some(error) => tracing::error!(error = ?error, "a transaction of the database failed"),
        None => {
            let touched = txn.take_touched();
            shared.publish(&txn.counters, touched);
        }
    }
    jobs.for_each(|job| job.answer(failed.clone()));
}

/// An operation whose type is forgotten.
trait Job: Send {
    /// Runs it. An error is kept for the answer as well.
    fn run<'a>(&'a mut self, txn: &'a mut Txn) -> LocalBoxFuture<'a, Result<(), Error>>;

    /// Answers with what it gave, or with the failure of the transaction.
    fn answer(self: Box<Self>, failed: Option<Error>);
}

struct Pending<O: Operation> {
    operation: O,
    output: Option<Result<O::Output, Error>>,
    reply: oneshot::Sender<Result<O::Output, Error>>,
}

impl<O: Operation> Job for Pending<O> {
    fn run<'a>(&'a mut self, txn: &'a mut Txn) -> LocalBoxFuture<'a, Result<(), Error>> {
        async move {
            let output = self.operation.run(txn).await;
            let refused = output.as_ref().err().cloned();
            self.output = Some(output);
            refused.map_or(Ok(()), Err)
        }
        .boxed_local()
    }

    fn answer(self: Box<Self>, failed: Option<Error>) {
        let answer = match (failed, self.output) {
            (Some(error), _) => Err(error),
            (None, Some(output)) => output,
            (None, None) => Err(Error::Stopped),
        };
        // Whoever asked may have gone; the change is made all the same.
        drop(self.reply.send(answer));
    }
}

impl Txn {
    pub(crate) fn sql(&mut self) -> Sql<'_> {
        Sql(&mut self.connection)
    }
}

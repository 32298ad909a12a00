//! The writer: the one thread of this process that changes the database.
//!
//! It takes everything that waits, up to a bound, runs each operation under a savepoint in one
//! transaction and answers all of them after its fsync. An operation that is refused undoes only
//! itself. If the database fails in the middle, each operation is tried once more alone, so that one
//! that the database cannot carry out does not take others with it. A server that is away is waited
//! for, and asked what became of a commit that it did not answer. Memory (cache, revision) learns of a
//! change after it is durable and before it is answered.

use std::{fs::File, io, sync::Arc, thread, time::Duration};

use futures::future::{FutureExt as _, LocalBoxFuture};
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::Instant,
};

use crate::{Error, backend::Backend, follow, sql::Connection};

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

/// How long a server that is away is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Something to do in the writer. It may be run twice; the first time leaves no trace then.
pub(crate) trait Operation: Send + 'static {
    type Output: Send + 'static;

    async fn run(&self, txn: &mut Txn) -> Result<Self::Output, Error>;
}

/// What the writer begins with.
pub(crate) struct Origin {
    pub(crate) backend: Backend,
    /// A connection to a file. Those to a server are made in the thread that uses them.
    pub(crate) connection: Option<Connection>,
    /// Held as long as the thread lives.
    pub(crate) lock: Option<File>,
    /// Name of the hub.
    pub(crate) hub: String,
    /// Name of this process among those that share the database.
    pub(crate) replica: String,
}

/// Hands operations to the writer.
pub(crate) struct Handle {
    jobs: mpsc::Sender<Box<dyn Job>>,
    closing: Arc<Notify>,
    ended: watch::Receiver<()>,
}

impl Handle {
    /// Starts the thread.
    pub(crate) fn start(origin: Origin, shared: Arc<Shared>) -> io::Result<Self> {
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
                let lock = runtime.block_on(work(origin, queue, &asked, &shared));
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

/// Writes, and follows what others write, until there is nothing more to write.
async fn work(
    origin: Origin,
    queue: mpsc::Receiver<Box<dyn Job>>,
    closing: &Notify,
    shared: &Shared,
) -> Option<File> {
    let Origin {
        backend,
        connection,
        lock,
        hub,
        replica,
    } = origin;
    let txn = Txn::new(backend.clone(), connection, hub, replica.clone());
    let write = write(txn, queue, closing, shared);
    match &backend {
        Backend::Sqlite(_) => write.await,
        Backend::Postgres(options) => {
            tokio::select! {
                () = write => {}
                () = follow::follow(options, shared, &replica) => {}
            }
        }
    }
    lock
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
    let failed = run_patiently(txn, batch).await.err();
    let alone = failed.as_ref().is_some_and(|error| is_of_one(txn, error));
    if !alone || batch.len() == 1 {
        finish(txn, shared, failed, batch.drain(..)).await;
        return;
    }
    for mut job in batch.drain(..) {
        let jobs = std::slice::from_mut(&mut job);
        let failed = run_patiently(txn, jobs).await.err();
        finish(txn, shared, failed, std::iter::once(job)).await;
    }
}

/// Whether a failed transaction may do without one of its operations. A server that is away fails all.
const fn is_of_one(txn: &Txn, error: &Error) -> bool {
    !txn.is_remote() || !matches!(error, Error::Unavailable(_) | Error::Unconfirmed(_))
}

/// As [`run`], again and again while a server is away or had to choose between two transactions.
async fn run_patiently(txn: &mut Txn, jobs: &mut [Box<dyn Job>]) -> Result<(), Error> {
    let end = Instant::now() + PATIENCE;
    let mut wait = Duration::ZERO;
    loop {
        match run(txn, jobs).await {
            Err(error @ Error::Unavailable(_)) if txn.is_remote() && Instant::now() < end => {
                tracing::warn!(error = ?error, "a transaction of the database is tried again");
                wait = backoff(wait).await;
            }
            outcome => return outcome,
        }
    }
}

/// Waits twice as long as before; gives how long.
async fn backoff(before: Duration) -> Duration {
    let wait = (before * 2).clamp(Duration::from_millis(20), Duration::from_secs(1));
    tokio::time::sleep(wait).await;
    wait
}

/// Runs jobs in one transaction. An error other than `Unconfirmed` means that nothing of it was kept.
async fn run(txn: &mut Txn, jobs: &mut [Box<dyn Job>]) -> Result<(), Error> {
    txn.begin().await?;
    let outcome = run_each(txn, jobs).await;
    match outcome {
        Ok(()) => txn.commit().await,
        Err(error) => {
            txn.roll_back(&error).await;
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

async fn finish(
    txn: &mut Txn,
    shared: &Shared,
    failed: Option<Error>,
    jobs: impl Iterator<Item = Box<dyn Job>>,
) {
    match &failed {
        Some(error) => tracing::error!(error = ?error, "a transaction of the database failed"),
        None => tell(txn, shared).await,
    }
    jobs.for_each(|job| job.answer(failed.clone()));
}

/// Makes the transaction known in memory.
async fn tell(txn: &mut Txn, shared: &Shared) {
    let touched = txn.take_touched();
    if shared.publish(txn.began, txn.counters, touched).await {
        return;
    }
    if let Some(turn) = shared.turn().await
        && let Err(error) = turn.refresh(&mut txn.sql()).await
    {
        // Readers look again by themselves.
        tracing::warn!(error = ?error, "what other replicas wrote was not read");
    }
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

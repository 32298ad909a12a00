//! Hears of what other replicas commit, so that watchers and deciders of this one wake up at once.
//!
//! A notification is a hint: what is new is read from the change log, as it also is after a silence
//! and after the connection was lost. Readers do not rely on it; they look by themselves.

use std::time::Duration;

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgListener},
};

use model::Revision;

use crate::{
    Error,
    backend::postgres,
    sql::{CHANNEL, Sql},
    writer::Shared,
};

/// How long a silence is believed.
const SILENCE: Duration = Duration::from_secs(5);
/// How long to wait before another try when the database is away.
const AGAIN: Duration = Duration::from_millis(500);

/// Follows the database until it is dropped.
pub(crate) async fn follow(options: &PgConnectOptions, shared: &Shared, replica: &str) {
    // One connection listens, the other reads.
    let pool = postgres::pool(options, 2);
    loop {
        let Err(error) = listen(&pool, shared, replica).await;
        tracing::warn!(error = ?error, "the database tells nothing of other replicas: listening again");
        tokio::time::sleep(AGAIN).await;
    }
}

async fn listen(
    pool: &PgPool,
    shared: &Shared,
    replica: &str,
) -> Result<std::convert::Infallible, Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        if let Some(turn) = shared.turn().await {
            let mut connection = pool.acquire().await?;
            turn.refresh(&mut Sql::Postgres(&mut connection)).await?;
        }
        hear(&mut listener, shared, replica).await?;
    }
}

/// Waits until there is something to read, as far as one can tell.
async fn hear(listener: &mut PgListener, shared: &Shared, replica: &str) -> Result<(), Error> {
    while let Ok(heard) = tokio::time::timeout(SILENCE, listener.try_recv()).await {
        // The connection was lost, and with it whatever was said meanwhile.
        let Some(hint) = heard? else { break };
        let mut words = hint.payload().split(' ');
        if words.next() == Some(replica) {
            continue;
        }
        if words.next() == Some("true") {
            shared.wake();
        }
        let revision = words.next().and_then(|word| word.parse().ok());
        if revision.is_none_or(|revision| Revision(revision) > *shared.revision.borrow()) {
            break;
        }
    }
    Ok(())
}

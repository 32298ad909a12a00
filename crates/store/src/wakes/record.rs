//! Rows of wakes.

use std::time::Duration;

use jiff::Timestamp;
use model::ObjectKey;

use crate::{
    Error, keys,
    objects::Cause,
    sql::{self, Sql},
    writer::{Operation, Txn},
};

use super::{Wake, WakeToken};

/// Where a change comes from.
pub(crate) struct Origin<'a> {
    pub(crate) cause: &'a Cause,
    /// Decisions in a row that led to it.
    pub(crate) hops: u32,
    /// The object whose decision it is: what a decision does to its own object does not wake it.
    pub(crate) owner: Option<&'a str>,
}

impl<'a> Origin<'a> {
    /// A request, a report, an operator.
    pub(crate) const fn outside(cause: &'a Cause) -> Self {
        Self {
            cause,
            hops: 0,
            owner: None,
        }
    }
}

/// Wakes those who read `edges` and the objects `own`, but not `except`.
pub(crate) async fn wake(
    txn: &mut Txn,
    edges: &[String],
    own: &[&str],
    except: Option<&str>,
    origin: &Origin<'_>,
) -> Result<(), Error> {
    if edges.is_empty() && own.is_empty() {
        return Ok(());
    }
    let token = txn.next_token();
    txn.sql()
        .execute(
            "INSERT INTO wakes (object, token, due_at, claimed_until, claimed_token, hops, trace) \
             SELECT object, $3, $4, 0, 0, $5, $6 FROM (SELECT reader AS object FROM reads \
             WHERE target IN (SELECT value FROM json_each($1)) \
             UNION SELECT value FROM json_each($2)) AS woken WHERE object <> $7 \
             ON CONFLICT (object) DO UPDATE SET token = excluded.token, trace = excluded.trace, \
             due_at = min(wakes.due_at, excluded.due_at), \
             hops = CASE WHEN wakes.token = wakes.claimed_token THEN excluded.hops \
             ELSE min(wakes.hops, excluded.hops) END",
            &[
                sql::list(edges).into(),
                sql::list(own).into(),
                token.into(),
                origin.cause.at.as_microsecond().into(),
                origin.hops.into(),
                origin.cause.trace.as_deref().into(),
                except.unwrap_or_default().into(),
            ],
        )
        .await?;
    Ok(())
}

/// Wakes those who read `edges`.
pub(crate) async fn wake_readers(
    txn: &mut Txn,
    edges: &[String],
    origin: &Origin<'_>,
) -> Result<(), Error> {
    wake(txn, edges, &[], None, origin).await
}

/// Ends the claim of `token`: its wake goes, unless a newer one came.
async fn clear(txn: &mut Txn, object: &str, token: WakeToken) -> Result<(), Error> {
    let cleared = txn
        .sql()
        .execute(
            "DELETE FROM wakes WHERE object = $1 AND token = $2",
            &[object.into(), token.number.into()],
        )
        .await?;
    if cleared == 0 {
        set_free(txn, object, token).await?;
    }
    Ok(())
}

/// Sets a wake free that a newer one has overtaken, if `token` still holds the claim.
async fn set_free(txn: &mut Txn, object: &str, token: WakeToken) -> Result<(), Error> {
    txn.touched.wakes = true;
    txn.sql()
        .execute(
            "UPDATE wakes SET claimed_until = 0 WHERE object = $1 AND claimed_token = $2",
            &[object.into(), token.number.into()],
        )
        .await?;
    Ok(())
}

/// Wakes the owner of a decision again when the time has come. If a wake is pending already, its
/// decision will say again when it wants the next.
async fn wake_owner_at(txn: &mut Txn, object: &str, at: Timestamp) -> Result<(), Error> {
    let token = txn.next_token();
    txn.sql()
        .execute(
            "INSERT INTO wakes (object, token, due_at, claimed_until, claimed_token, hops, trace) \
             VALUES ($1, $2, $3, 0, 0, 0, NULL) ON CONFLICT (object) DO UPDATE SET \
             due_at = min(wakes.due_at, excluded.due_at)",
            &[object.into(), token.into(), at.as_microsecond().into()],
        )
        .await?;
    Ok(())
}

/// What a committed decision does to the wake of its owner.
pub(crate) async fn settle(
    txn: &mut Txn,
    owner: &str,
    token: Option<WakeToken>,
    wake_at: Option<Timestamp>,
) -> Result<(), Error> {
    if let Some(token) = token {
        clear(txn, owner, token).await?;
    }
    match wake_at {
        Some(at) => wake_owner_at(txn, owner, at).await,
        None => Ok(()),
    }
}

/// Ends every claim: whoever held one has ended with the process before.
pub(crate) async fn drop_claims(sql: &mut Sql<'_>) -> Result<(), Error> {
    sql.execute(
        "UPDATE wakes SET claimed_until = 0 WHERE claimed_until <> 0",
        &[],
    )
    .await?;
    Ok(())
}

pub(crate) async fn next(sql: &mut Sql<'_>) -> Result<Option<Timestamp>, Error> {
    let row = sql
        .one(
            "SELECT (SELECT due_at FROM wakes WHERE claimed_until = 0 ORDER BY due_at LIMIT 1), \
             (SELECT min(claimed_until) FROM wakes WHERE claimed_until > 0)",
            &[],
        )
        .await?;
    let (due, claimed) = (row.maybe_time(0)?, row.maybe_time(1)?);
    Ok(due.into_iter().chain(claimed).min())
}

/// The statement of a claim. `$lock` keeps what others claim, or write to, at this moment out.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (SELECT object FROM wakes ",
            "WHERE due_at <= $1 AND claimed_until <= $1 ORDER BY due_at LIMIT $2 ",
            $lock,
            ") UPDATE wakes SET claimed_until = $3, claimed_token = token ",
            "WHERE object IN (SELECT object FROM due) RETURNING object, token, hops, trace, due_at"
        )
    };
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) limit: usize,
    pub(crate) now: Timestamp,
    pub(crate) lease: Duration,
}

impl Claim {
    /// Claims in one statement, which a server needs no other transaction for.
    pub(crate) async fn run_alone(self, sql: &mut Sql<'_>) -> Result<Vec<Wake>, Error> {
        let statement = match sql {
            Sql::Sqlite(_) => claim!(""),
            Sql::Postgres(_) => claim!("FOR UPDATE SKIP LOCKED"),
        };
        let until = self
            .now
            .saturating_add(self.lease)
            .unwrap_or(Timestamp::MAX);
        let args = [
            self.now.as_microsecond().into(),
            self.limit.into(),
            until.as_microsecond().into(),
        ];
        let mut wakes = Vec::new();
        for row in sql.rows(statement, &args).await? {
            let token = WakeToken {
                number: row.number(1)?,
                hops: row.small(2)?,
            };
            let wake = Wake {
                object: keys::parse_object(row.text(0)?)?,
                token,
                trace: row.maybe_string(3)?,
            };
            wakes.push((row.int(4)?, wake));
        }
        wakes.sort_by_key(|(due, _)| *due);
        Ok(wakes.into_iter().map(|(_, wake)| wake).collect())
    }
}

impl Operation for Claim {
    type Output = Vec<Wake>;

    async fn run(&self, txn: &mut Txn) -> Result<Vec<Wake>, Error> {
        self.run_alone(&mut txn.sql()).await
    }
}

pub(crate) struct Clear {
    pub(crate) object: ObjectKey,
    pub(crate) token: WakeToken,
}

impl Operation for Clear {
    type Output = ();

    async fn run(&self, txn: &mut Txn) -> Result<(), Error> {
        clear(txn, &keys::object(&self.object), self.token).await
    }
}

pub(crate) struct Release {
    pub(crate) object: ObjectKey,
    pub(crate) token: WakeToken,
    pub(crate) retry_at: Timestamp,
}

impl Operation for Release {
    type Output = ();

    async fn run(&self, txn: &mut Txn) -> Result<(), Error> {
        let object = keys::object(&self.object);
        txn.sql()
            .execute(
                "UPDATE wakes SET due_at = $3 WHERE object = $1 AND token = $2",
                &[
                    object.as_str().into(),
                    self.token.number.into(),
                    self.retry_at.as_microsecond().into(),
                ],
            )
            .await?;
        set_free(txn, &object, self.token).await
    }
}

pub(crate) struct Schedule {
    pub(crate) objects: Vec<ObjectKey>,
    pub(crate) at: Timestamp,
}

impl Operation for Schedule {
    type Output = ();

    async fn run(&self, txn: &mut Txn) -> Result<(), Error> {
        let objects: Vec<String> = self.objects.iter().map(keys::object).collect();
        let token = txn.next_token();
        txn.sql()
            .execute(
                "INSERT INTO wakes (object, token, due_at, claimed_until, claimed_token, hops) \
                 SELECT value, $2, $3, 0, 0, 0 FROM json_each($1) WHERE true \
                 ON CONFLICT (object) DO UPDATE SET token = excluded.token, hops = 0, \
                 due_at = min(wakes.due_at, excluded.due_at)",
                &[
                    sql::list(&objects).into(),
                    token.into(),
                    self.at.as_microsecond().into(),
                ],
            )
            .await?;
        Ok(())
    }
}

//! Sessions: the contact with each plane's agent.
//!
//! Unversioned: no change record, no wake. Whoever shows an object joins them at read. Each new
//! session of a plane has a larger epoch, which fences the ones before.

use jiff::Timestamp;
use model::{PlaneName, UnitRevision};

use crate::{Error, Store, sql::Row, writer::Operation, writer::Txn};

/// The newest session of a plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The plane.
    pub plane: PlaneName,
    /// Number of the session, larger than every earlier one of the plane.
    pub epoch: u64,
    /// What the agent said of itself.
    pub agent: Agent,
    /// When the session began.
    pub started_at: Timestamp,
    /// When the agent was last heard.
    pub seen_at: Timestamp,
    /// The highest head that the agent has said it knows.
    pub highest: UnitRevision,
}

/// What an agent says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agent {
    /// Its version.
    pub version: String,
    /// Version of its cluster.
    pub kubernetes_version: String,
    /// Features of bundles that it understands.
    pub features: Vec<String>,
}

impl Store {
    /// Begins a session and ends the one before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start_session(
        &self,
        plane: PlaneName,
        agent: Agent,
        highest: UnitRevision,
        now: Timestamp,
    ) -> Result<Session, Error> {
        self.submit(Start {
            plane,
            agent,
            highest,
            now,
        })
        .await
    }

    /// Notes that the agent was heard. Gives `false` when its session is not the newest: it is
    /// fenced.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn touch_session(
        &self,
        plane: PlaneName,
        epoch: u64,
        highest: UnitRevision,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.submit(Touch {
            plane,
            epoch,
            highest,
            now,
        })
        .await
    }

    /// The newest session of a plane.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_session(&self, plane: &PlaneName) -> Result<Option<Session>, Error> {
        let plane = plane.to_string();
        let row = self
            .reader()
            .await?
            .sql()
            .row(
                "SELECT plane, epoch, agent_version, kubernetes_version, features, started_at, \
                 seen_at, incarnation, counter FROM sessions WHERE plane = $1",
                &[plane.into()],
            )
            .await?;
        row.as_ref().map(session).transpose()
    }

    /// The newest session of every plane that ever had one, by plane.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_sessions(&self) -> Result<Vec<Session>, Error> {
        let rows = self
            .reader()
            .await?
            .sql()
            .rows(
                "SELECT plane, epoch, agent_version, kubernetes_version, features, started_at, \
                 seen_at, incarnation, counter FROM sessions ORDER BY plane",
                &[],
            )
            .await?;
        rows.iter().map(session).collect()
    }
}

fn session(row: &Row) -> Result<Session, Error> {
    Ok(Session {
        plane: row.plane(0)?,
        epoch: row.number(1)?,
        agent: Agent {
            version: row.string(2)?,
            kubernetes_version: row.string(3)?,
            features: row.list(4)?,
        },
        started_at: row.time(5)?,
        seen_at: row.time(6)?,
        highest: UnitRevision {
            incarnation: row.number(7)?,
            counter: row.number(8)?,
        },
    })
}

struct Start {
    plane: PlaneName,
    agent: Agent,
    highest: UnitRevision,
    now: Timestamp,
}

impl Operation for Start {
    type Output = Session;

    async fn run(&self, txn: &mut Txn) -> Result<Session, Error> {
        let features =
            serde_json::to_string(&self.agent.features).expect("a list of strings is JSON");
        let row = txn
            .sql()
            .one(
                "INSERT INTO sessions (plane, epoch, agent_version, kubernetes_version, features, \
                 started_at, seen_at, incarnation, counter) \
                 VALUES ($1, 1, $2, $3, $4, $5, $5, $6, $7) \
                 ON CONFLICT (plane) DO UPDATE SET epoch = sessions.epoch + 1, \
                 agent_version = excluded.agent_version, \
                 kubernetes_version = excluded.kubernetes_version, features = excluded.features, \
                 started_at = excluded.started_at, seen_at = excluded.seen_at, \
                 incarnation = excluded.incarnation, counter = excluded.counter \
                 RETURNING plane, epoch, agent_version, kubernetes_version, features, started_at, \
                 seen_at, incarnation, counter",
                &[
                    self.plane.to_string().into(),
                    self.agent.version.as_str().into(),
                    self.agent.kubernetes_version.as_str().into(),
                    features.into(),
                    self.now.as_microsecond().into(),
                    self.highest.incarnation.into(),
                    self.highest.counter.into(),
                ],
            )
            .await?;
        session(&row)
    }
}

struct Touch {
    plane: PlaneName,
    epoch: u64,
    highest: UnitRevision,
    now: Timestamp,
}

impl Operation for Touch {
    type Output = bool;

    async fn run(&self, txn: &mut Txn) -> Result<bool, Error> {
        let touched = txn
            .sql()
            .execute(
                "UPDATE sessions SET seen_at = $1, incarnation = $2, counter = $3 \
                 WHERE plane = $4 AND epoch = $5",
                &[
                    self.now.as_microsecond().into(),
                    self.highest.incarnation.into(),
                    self.highest.counter.into(),
                    self.plane.to_string().into(),
                    self.epoch.into(),
                ],
            )
            .await?;
        Ok(touched > 0)
    }
}

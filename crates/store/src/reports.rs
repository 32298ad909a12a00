//! Reports: the last word of each agent about each unit.

use std::sync::Arc;

use jiff::Timestamp;
use model::{Digest, PlaneName, StatusReport, UnitId};

use crate::{
    Error, Seen, Store, objects::Cause, reads, sql::Sql, wakes, writer::Operation, writer::Txn,
};

/// What the agents say about one unit: one report, or several while it moves between planes.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitReports {
    /// The reports, by plane.
    pub reports: Vec<Arc<StatusReport>>,
    seen: Seen,
}

impl UnitReports {
    /// The report of this plane.
    #[must_use]
    pub fn of(&self, plane: &PlaneName) -> Option<&Arc<StatusReport>> {
        self.reports.iter().find(|report| report.plane == *plane)
    }

    /// What is to be recorded of having read them.
    #[must_use]
    pub const fn seen(&self) -> Seen {
        self.seen
    }
}

impl Store {
    /// Keeps reports and wakes who read those of their units. A report that is not newer, by epoch
    /// and sequence, than the one kept is passed over. Gives the number of those kept.
    ///
    /// # Errors
    /// When the database fails; then none is kept.
    pub async fn put_reports(
        &self,
        reports: Vec<StatusReport>,
        now: Timestamp,
    ) -> Result<usize, Error> {
        let reports = reports
            .into_iter()
            .map(|report| {
                let body = serde_json::to_string(&report).expect("a report has string keys");
                Prepared { report, body }
            })
            .collect();
        self.submit(PutReports { reports, now }).await
    }

    /// As [`Self::put_reports`], for one. Gives whether it was kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_report(&self, report: StatusReport, now: Timestamp) -> Result<bool, Error> {
        Ok(self.put_reports(vec![report], now).await? == 1)
    }

    /// What the agents say about a unit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_reports(&self, unit: &UnitId) -> Result<UnitReports, Error> {
        let rows = self
            .reader()
            .await?
            .sql()
            .rows(
                "SELECT body, plane, epoch, sequence FROM reports WHERE unit = $1 ORDER BY plane",
                &[unit.as_str().into()],
            )
            .await?;
        let mut reports = Vec::with_capacity(rows.len());
        let mut order = String::new();
        for row in &rows {
            let report = serde_json::from_str(row.text(0)?);
            reports.push(Arc::new(
                report.map_err(|error| Error::corrupt("a report", error))?,
            ));
            mark(&mut order, row.text(1)?, row.number(2)?, row.number(3)?);
        }
        Ok(UnitReports {
            reports,
            seen: seen_of(&order),
        })
    }
}

/// What a read of the reports of `unit` would find now.
pub(crate) async fn seen(sql: &mut Sql<'_>, unit: &str) -> Result<Seen, Error> {
    let rows = sql
        .rows(
            "SELECT plane, epoch, sequence FROM reports WHERE unit = $1 ORDER BY plane",
            &[unit.into()],
        )
        .await?;
    let mut order = String::new();
    for row in &rows {
        mark(&mut order, row.text(0)?, row.number(1)?, row.number(2)?);
    }
    Ok(seen_of(&order))
}

fn mark(order: &mut String, plane: &str, epoch: u64, sequence: u64) {
    order.push_str(&format!("{plane} {epoch} {sequence}\n"));
}

fn seen_of(order: &str) -> Seen {
    match order {
        "" => Seen::Absent,
        order => Seen::Digest(Digest::of(order.as_bytes())),
    }
}

struct PutReports {
    reports: Vec<Prepared>,
    now: Timestamp,
}

struct Prepared {
    report: StatusReport,
    body: String,
}

impl Operation for PutReports {
    type Output = usize;

    async fn run(&self, txn: &mut Txn) -> Result<usize, Error> {
        let mut edges = Vec::new();
        for Prepared { report, body } in &self.reports {
            let kept = txn
                .sql()
                .execute(
                    "INSERT INTO reports (unit, plane, epoch, sequence, body, received_at) \
                     VALUES ($1, $2, $3, $4, $5, $6) \
                     ON CONFLICT (unit, plane) DO UPDATE SET epoch = excluded.epoch, \
                     sequence = excluded.sequence, body = excluded.body, \
                     received_at = excluded.received_at \
                     WHERE excluded.epoch > reports.epoch \
                     OR (excluded.epoch = reports.epoch AND excluded.sequence > reports.sequence)",
                    &[
                        report.unit.as_str().into(),
                        report.plane.to_string().into(),
                        report.epoch.into(),
                        report.sequence.into(),
                        body.as_str().into(),
                        self.now.as_microsecond().into(),
                    ],
                )
                .await?;
            if kept > 0 {
                edges.push(reads::report_edge(report.unit.as_str()));
            }
        }
        let cause = Cause {
            at: self.now,
            ..Cause::default()
        };
        wakes::record::wake_readers(txn, &edges, &wakes::record::Origin::outside(&cause)).await?;
        Ok(edges.len())
    }
}

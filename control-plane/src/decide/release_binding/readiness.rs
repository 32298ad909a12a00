//! Whether what was deployed is there and healthy: the report of the agent as a condition.

use compile::readiness;
use model::{StatusReport, UnitPhase};

use crate::decide::conditions::Because;

/// Condition `ResourcesReady`; `cell_missing` says why no cell is known, if none is.
pub(super) fn of(
    report: Option<&StatusReport>,
    workload_type: &str,
    cell_missing: Option<String>,
) -> Result<Because, Because> {
    let waiting = |message: String| Err(Because::new("ResourcesProgressing", message));
    let Some(report) = report else {
        return waiting(
            cell_missing.unwrap_or_else(|| {
                "The data plane has not reported on this release yet".to_owned()
            }),
        );
    };
    match report.phase {
        UnitPhase::Failed => Err(Because::new("ResourceApplyFailed", report.message.clone())),
        UnitPhase::Applying if report.objects.is_empty() => waiting(cell_missing.unwrap_or_else(
            || match report.message.as_str() {
                "" => "The data plane is applying this release".to_owned(),
                message => message.to_owned(),
            },
        )),
        UnitPhase::Applying | UnitPhase::Applied | UnitPhase::Deleting | UnitPhase::Deleted => {
            let verdict = readiness::evaluate(workload_type, &report.objects);
            let because = Because::new(verdict.reason, verdict.message);
            if verdict.ready {
                Ok(because)
            } else {
                Err(because)
            }
        }
    }
}

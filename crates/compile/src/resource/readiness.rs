//! Readiness: `readyWhen` of each object that was rendered, or else its health (reference 2.10).
//!
//! One that is degraded is named before one that is on its way, since only the former needs somebody.
//! What fails while a status is not there yet is on its way too.

use model::{Health, ObjectReport};

use super::{Compiled, Entry, condition_holds, observed, outputs::with_applied};
use crate::{readiness::Readiness, template::Context};

const PROGRESSING: &str = "ResourcesProgressing";
const DEGRADED: &str = "ResourcesDegraded";

impl Compiled {
    /// The verdict over the objects of the resource; reports of others are not looked at.
    #[must_use]
    pub fn readiness(&self, objects: &[ObjectReport]) -> Readiness {
        let context = with_applied(&self.context, &observed(objects));
        let faults = self
            .entries
            .iter()
            .filter_map(|entry| self.fault(entry, &context, objects));
        let mut first = None;
        for (reason, message) in faults {
            if reason == DEGRADED {
                return unready(reason, message);
            }
            first = first.or(Some((reason, message)));
        }
        match first {
            Some((reason, message)) => unready(reason, message),
            None => Readiness {
                ready: true,
                reason: "ResourcesReady",
                message: format!("All {} resource(s) ready", self.entries.len()),
            },
        }
    }

    /// Why an object is not ready.
    fn fault(
        &self,
        entry: &Entry,
        context: &Context,
        objects: &[ObjectReport],
    ) -> Option<(&'static str, String)> {
        let id = &entry.id;
        if let Some(condition) = &entry.ready_when {
            let holds = condition_holds("readyWhen", &self.engine, context, condition);
            return match holds {
                Ok(true) => None,
                Ok(false) => Some((
                    PROGRESSING,
                    format!("Resource {id:?} readyWhen returned false"),
                )),
                Err(reason) => Some((
                    PROGRESSING,
                    format!("readyWhen evaluation failed for {id:?}: {reason}"),
                )),
            };
        }
        let health = objects
            .iter()
            .find(|object| object.id == *id)
            .map_or(Health::Unknown, |object| object.health);
        match health {
            Health::Healthy | Health::Suspended => None,
            Health::Degraded => Some((DEGRADED, format!("Resource {id:?} is degraded"))),
            Health::Progressing => Some((PROGRESSING, format!("Resource {id:?} is progressing"))),
            Health::Unknown => Some((PROGRESSING, format!("Resource {id:?} status unknown"))),
        }
    }
}

fn unready(reason: &'static str, message: String) -> Readiness {
    Readiness {
        ready: false,
        reason,
        message,
    }
}

//! Documents of the platform, through admission.

use serde_json::Value;

use compile::vet;
use model::{Draft, Envelope};

use super::same;

pub(super) fn vet(input: &str) -> Result<(), String> {
    let document: Value = serde_json::from_str(input).unwrap_or_default();
    let Ok(envelope) = Envelope::from_document(&document, Some("default")) else {
        return Ok(());
    };
    let admit = |envelope: &Envelope| {
        let envelope = envelope.clone();
        let admitted = vet::admit(Draft {
            envelope,
            old: None,
        });
        admitted
            .map(|checked| checked.envelope().to_document())
            .map_err(|diagnostics| diagnostics.to_string())
    };
    let first = admit(&envelope);
    same(&first, &admit(&envelope))?;
    match first {
        Err(reason) if reason.is_empty() => Err("refused without a reason".to_owned()),
        Err(_) => Ok(()),
        Ok(stored) => {
            let again = Envelope::from_document(&stored, None);
            let again = again.map_err(|error| format!("not read again: {error}"))?;
            same(&Ok(stored), &admit(&again))
        }
    }
}

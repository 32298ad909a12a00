//! JSON Schemas of kinds, from their Rust types.

use schemars::{Schema, SchemaGenerator, json_schema};

/// Schema of a time in status.
pub(crate) fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date-time" })
}

/// Whether a generation was never looked at.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(crate) fn is_zero(generation: &u64) -> bool {
    *generation == 0
}

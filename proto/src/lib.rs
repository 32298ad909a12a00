//! The wire: messages and gRPC services between planes, and their conversions from and to the model.
//!
//! Messages exist for protocols, never for kinds: an object crosses as an envelope of raw JSON.

pub mod convert;
pub mod status;

/// The platform's objects, who may use them, and the links to planes.
#[expect(
    missing_docs,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "generated from documented protobuf"
)]
pub mod resources {
    tonic::include_proto!("quintet.resources.v1");
}

/// What a plane and the control plane say to each other over NATS.
#[expect(missing_docs, reason = "generated from documented protobuf")]
pub mod link {
    tonic::include_proto!("quintet.link.v1");
}

/// Questions about telemetry.
#[expect(
    missing_docs,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "generated from documented protobuf"
)]
pub mod query {
    tonic::include_proto!("quintet.query.v1");
}

/// What a change would do.
#[expect(
    missing_docs,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated from documented protobuf"
)]
pub mod preview {
    tonic::include_proto!("quintet.preview.v1");
}

/// Largest gRPC message: an object of 4 MiB and its frame.
pub const MAX_MESSAGE: usize = 8 * 1024 * 1024;

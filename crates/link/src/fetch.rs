//! Fetching a bundle by its digest, in pieces, from whatever session is live.

use std::io::Read;
use std::sync::Arc;

use bus::{subject, subject::Verb};
use model::{Bundle, Digest};
use proto::link::{BlobChunk, BlobRequest};

use crate::link::Shared;

/// Largest bundle when unpacked.
const UNPACKED: u64 = 256 << 20;

/// A bundle cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The hub did not answer.
    #[error("the hub gave no answer")]
    Bus(#[source] bus::Error),
    /// The hub does not keep the bundle any more; a newer head should be on its way.
    #[error("the hub does not keep bundle {0}")]
    Missing(Digest),
    /// It is larger than the plane allows.
    #[error("bundle {digest} is larger than {limit} bytes: raise link.max_bundle")]
    TooLarge {
        /// The bundle.
        digest: Digest,
        /// The bound.
        limit: u64,
    },
    /// It ends too early.
    #[error("bundle {0} ends too early")]
    Truncated(Digest),
    /// It cannot be unpacked.
    #[error("the bundle cannot be unpacked")]
    Unpack(#[source] std::io::Error),
    /// It is not the one that was asked for.
    #[error("what came for bundle {0} is something else")]
    WrongDigest(Digest),
    /// It cannot be read.
    #[error("the bundle cannot be read")]
    Read(#[source] serde_json::Error),
    /// It asks for features that this agent does not have.
    #[error("the bundle needs {0:?}, which this agent does not understand: update the agent")]
    Features(Vec<String>),
}

/// What became of a fetch.
#[derive(Debug)]
pub(crate) enum Fetch {
    /// The head names no bundle.
    Nothing,
    /// The bundle that the head names.
    Bundle(Arc<Bundle>),
    /// It could not be had.
    Failed(Error),
}

/// Fetches a bundle, as soon as there is a session.
pub(crate) async fn bundle(shared: &Shared, digest: Digest) -> Fetch {
    let fetched = match pieces(shared, digest).await {
        Ok(data) => unpack(shared, digest, &data),
        Err(error) => Err(error),
    };
    match fetched {
        Ok(bundle) => Fetch::Bundle(bundle),
        Err(error) => Fetch::Failed(error),
    }
}

async fn pieces(shared: &Shared, digest: Digest) -> Result<Vec<u8>, Error> {
    let limit = shared.config.max_bundle.0;
    let mut data: Vec<u8> = Vec::new();
    loop {
        let session = shared.session().await;
        let question = BlobRequest {
            epoch: session.epoch,
            digest: digest.as_bytes().to_vec().into(),
            offset: data.len() as u64,
        };
        let to = subject::request(&shared.plane, Verb::Blob);
        let asked = session
            .bus
            .request(to, &question, None, *shared.config.request_timeout);
        let chunk: BlobChunk = asked.await.map_err(Error::Bus)?;
        if chunk.missing {
            return Err(Error::Missing(digest));
        }
        if chunk.total > limit || data.len() as u64 + chunk.data.len() as u64 > limit {
            return Err(Error::TooLarge { digest, limit });
        }
        data.extend_from_slice(&chunk.data);
        if data.len() as u64 >= chunk.total {
            return Ok(data);
        }
        if chunk.data.is_empty() {
            return Err(Error::Truncated(digest));
        }
    }
}

/// The bundle in a compressed text, if it is the one that was asked for and this agent understands it.
pub(crate) fn unpack(shared: &Shared, digest: Digest, data: &[u8]) -> Result<Arc<Bundle>, Error> {
    let mut text = Vec::with_capacity(data.len() * 4);
    let unpacked = zstd::stream::Decoder::new(data).map_err(Error::Unpack)?;
    unpacked
        .take(UNPACKED + 1)
        .read_to_end(&mut text)
        .map_err(Error::Unpack)?;
    if text.len() as u64 > UNPACKED {
        return Err(Error::TooLarge {
            digest,
            limit: UNPACKED,
        });
    }
    if Digest::of(&text) != digest {
        return Err(Error::WrongDigest(digest));
    }
    let bundle: Bundle = serde_json::from_slice(&text).map_err(Error::Read)?;
    let mut unknown = bundle.features.clone();
    unknown.retain(|feature| !shared.about.features.contains(feature));
    match unknown.is_empty() {
        true => Ok(Arc::new(bundle)),
        false => Err(Error::Features(unknown)),
    }
}

//! Taking pages of heads in, and fetching the bundles that they name.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bus::{Bus, subject, subject::Verb};
use futures::StreamExt;
use model::{Bundle, Digest, Head, Target, UnitRevision};
use prost::Message;
use proto::link::{BlobChunk, BlobRequest, HeadPage, HeadsRequest, SignedHeads};

use crate::accept::Taken;
use crate::inbox::Accepted;
use crate::link::Shared;
use crate::session::Error;
use crate::trust;

/// Most pages of one pull; the hub has more than 100,000 units otherwise.
const MAX_PAGES: usize = 4096;

/// Pulls heads after `since`, or the whole list, and what they name. Gives the revision up to which the plane is
/// complete.
pub(crate) async fn pull(
    shared: &Shared,
    bus: &Bus,
    epoch: u64,
    since: Option<UnitRevision>,
) -> Result<UnitRevision, Error> {
    let (mut after, mut after_unit, mut named) = (since, String::new(), BTreeSet::new());
    let mut first = None;
    for _ in 0..MAX_PAGES {
        let question =
            HeadsRequest { epoch, since: after.map(Into::into), after_unit: after_unit.clone() };
        let signed: SignedHeads = bus
            .request(
                subject::request(&shared.plane, Verb::Heads),
                &question,
                None,
                *shared.config.request_timeout,
            )
            .await
            .map_err(Error::Bus)?;
        let page = open(shared, &signed).await?;
        let up_to = page.up_to.unwrap_or_default().into();
        let as_of = *first.get_or_insert(up_to);
        let heads = heads_of(shared, &page)?;
        named.extend(heads.iter().map(|head| head.unit.clone()));
        after_unit = heads.last().map(|head| head.unit.to_string()).unwrap_or_default();
        take(shared, bus, epoch, heads, &HashMap::new()).await?;
        if page.last {
            if since.is_none() {
                shared.known().close_list(&named, as_of);
            }
            return Ok(as_of);
        }
        if since.is_some() {
            after = Some(up_to);
        }
    }
    Err(Error::Endless)
}

/// The page of a signed answer, if the signature is the hub's and the page is for this plane.
pub(crate) async fn open(shared: &Shared, signed: &SignedHeads) -> Result<HeadPage, Error> {
    trust::check(&shared.trusted().await, signed).map_err(Error::Untrusted)?;
    let page = HeadPage::decode(signed.page.clone()).map_err(Error::Page)?;
    if page.plane != shared.plane.to_string() {
        return Err(Error::OtherPlane(page.plane));
    }
    Ok(page)
}

pub(crate) fn heads_of(shared: &Shared, page: &HeadPage) -> Result<Vec<Head>, Error> {
    let heads = page.heads.iter().cloned().map(|head| proto::convert::head(&shared.plane, head));
    heads.collect::<Result<_, _>>().map_err(Error::Head)
}

/// Takes heads in, and lets those that are new wait for the agent with their bundles. `at_hand` are bundles that came
/// with the heads.
pub(crate) async fn take(
    shared: &Shared,
    bus: &Bus,
    epoch: u64,
    heads: Vec<Head>,
    at_hand: &HashMap<Digest, Arc<Bundle>>,
) -> Result<(), Error> {
    let mut new = Vec::new();
    for head in heads {
        match shared.known().take(head.clone()) {
            Ok(Taken::New) => new.push(head),
            Ok(Taken::Known) => {}
            Err(refusal) => {
                tracing::warn!(unit.id = %head.unit, error = %refusal, "a head was refused");
            }
        }
    }
    let fetched = futures::stream::iter(new)
        .map(|head| async move {
            let bundle = match head.target {
                Target::Tombstone(_) => None,
                Target::Bundle(digest) => match at_hand.get(&digest) {
                    Some(bundle) => Some(Arc::clone(bundle)),
                    None => match fetch(shared, bus, epoch, digest).await? {
                        Some(bundle) => Some(bundle),
                        // The hub has a newer head by now.
                        None => return Ok(None),
                    },
                },
            };
            Ok(Some(Accepted { head, bundle }))
        })
        .buffer_unordered(shared.config.fetches.max(1));
    let results: Vec<Result<Option<Accepted>, Error>> = fetched.collect().await;
    for result in results {
        if let Some(accepted) = result? {
            shared.feed.put(accepted);
        }
    }
    Ok(())
}

/// Fetches a bundle in pieces; `None` when the hub does not keep it any more.
async fn fetch(
    shared: &Shared,
    bus: &Bus,
    epoch: u64,
    digest: Digest,
) -> Result<Option<Arc<Bundle>>, Error> {
    let limit = shared.config.max_bundle.0;
    let mut data: Vec<u8> = Vec::new();
    loop {
        let question = BlobRequest {
            epoch,
            digest: digest.as_bytes().to_vec().into(),
            offset: data.len() as u64,
        };
        let chunk: BlobChunk = bus
            .request(
                subject::request(&shared.plane, Verb::Blob),
                &question,
                None,
                *shared.config.request_timeout,
            )
            .await
            .map_err(Error::Bus)?;
        if chunk.missing {
            return Ok(None);
        }
        if chunk.total > limit || data.len() as u64 + chunk.data.len() as u64 > limit {
            return Err(Error::TooLarge { digest, limit });
        }
        data.extend_from_slice(&chunk.data);
        if data.len() as u64 >= chunk.total {
            return unpack(digest, &data).map(Some);
        }
        if chunk.data.is_empty() {
            return Err(Error::Truncated(digest));
        }
    }
}

/// The bundle in a compressed text, if it is the one that was asked for.
pub(crate) fn unpack(digest: Digest, data: &[u8]) -> Result<Arc<Bundle>, Error> {
    /// Largest bundle when unpacked.
    const LIMIT: usize = 256 << 20;
    let text = zstd::bulk::decompress(data, LIMIT).map_err(Error::Unpack)?;
    if Digest::of(&text) != digest {
        return Err(Error::WrongDigest(digest));
    }
    serde_json::from_slice(&text).map(Arc::new).map_err(Error::Bundle)
}

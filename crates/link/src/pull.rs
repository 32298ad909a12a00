//! Step 9: signed pages of heads, asked for or come with a hint, taken in.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use prost::Message;

use bus::{subject, subject::Verb};
use model::{Bundle, Digest, Head, Target, UnitRevision};
use proto::link::{HeadPage, HeadsRequest, SignedHeads};

use crate::accept::Taken;
use crate::link::{Live, Shared};
use crate::trust::{self, Untrusted};

/// Most pages of one pull: more heads than a plane may have units.
const MAX_PAGES: usize = 4096;

/// Heads cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The hub did not answer.
    #[error("the hub gave no heads")]
    Bus(#[source] bus::Error),
    /// The signature is not the hub's.
    #[error("a page of heads is not trusted")]
    Untrusted(#[source] Untrusted),
    /// A page cannot be read.
    #[error("a page of heads cannot be read")]
    Page(#[source] prost::DecodeError),
    /// A page is for another plane, or from another hub.
    #[error("a page of heads is from hub {hub:?} for {plane:?}")]
    Elsewhere {
        /// The hub that it is from.
        hub: String,
        /// The plane that it is for.
        plane: String,
    },
    /// A head cannot be read.
    #[error("a head cannot be read")]
    Head(#[source] proto::convert::Error),
    /// The list does not end.
    #[error("the list of heads does not end")]
    Endless,
}

/// What a pull came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pulled {
    /// The plane has every head up to here.
    pub(crate) up_to: UnitRevision,
    /// The hub has lost heads that it had signed.
    pub(crate) lost: bool,
}

/// A page that the hub signed for this plane.
pub(crate) struct Page {
    heads: Vec<Head>,
    pub(crate) up_to: UnitRevision,
    last: bool,
}

/// Pulls the heads after `since`, or the whole list.
pub(crate) async fn pull(
    shared: &Shared,
    session: &Live,
    since: Option<UnitRevision>,
) -> Result<Pulled, Error> {
    let (mut after, mut after_unit, mut named) = (since, String::new(), BTreeSet::new());
    let (mut as_of, mut lost) = (None, false);
    for _ in 0..MAX_PAGES {
        let question = HeadsRequest {
            epoch: session.epoch,
            since: after.map(Into::into),
            after_unit: after_unit.clone(),
        };
        let to = subject::request(&shared.plane, Verb::Heads);
        let asked = session
            .bus
            .request(to, &question, None, *shared.config.request_timeout);
        let signed: SignedHeads = asked.await.map_err(Error::Bus)?;
        let page = open(shared, &signed)?;
        let as_of = *as_of.get_or_insert(page.up_to);
        if since.is_none() {
            lost |= page
                .heads
                .iter()
                .any(|head| shared.known().is_lost(head, as_of));
            named.extend(page.heads.iter().map(|head| head.unit.clone()));
        }
        after_unit = page
            .heads
            .last()
            .map(|head| head.unit.to_string())
            .unwrap_or_default();
        let (up_to, last) = (page.up_to, page.last);
        take(shared, page, &HashMap::new());
        match (last, since) {
            (true, None) => {
                shared.known().close_list(&named, as_of);
                return Ok(Pulled { up_to: as_of, lost });
            }
            (true, Some(_)) => return Ok(Pulled { up_to, lost }),
            (false, None) => {}
            (false, Some(_)) => after = Some(up_to),
        }
    }
    Err(Error::Endless)
}

/// Reads a signed page, if the signature is the hub's and the page is for this plane.
pub(crate) fn open(shared: &Shared, signed: &SignedHeads) -> Result<Page, Error> {
    trust::check(&shared.trusted(), signed).map_err(Error::Untrusted)?;
    let HeadPage {
        hub,
        plane,
        heads,
        up_to,
        last,
        ..
    } = HeadPage::decode(signed.page.clone()).map_err(Error::Page)?;
    if plane != shared.plane.to_string() || hub != shared.hub() {
        return Err(Error::Elsewhere { hub, plane });
    }
    let heads = heads
        .into_iter()
        .map(|head| proto::convert::head(&shared.plane, head));
    let heads = heads.collect::<Result<_, _>>().map_err(Error::Head)?;
    Ok(Page {
        heads,
        up_to: up_to.unwrap_or_default().into(),
        last,
    })
}

/// Takes the heads of a page in, and lets those that are new wait for the agent. `at_hand` are bundles that came with
/// them.
pub(crate) fn take(shared: &Shared, page: Page, at_hand: &HashMap<Digest, Arc<Bundle>>) {
    for head in page.heads {
        let taken = shared.known().take(head.clone());
        match taken {
            Ok(Taken::New) => {
                let bundle = match head.target {
                    Target::Bundle(digest) => at_hand.get(&digest).cloned(),
                    Target::Tombstone(_) => None,
                };
                shared.feed.put(head, bundle);
            }
            Ok(Taken::Known) => {}
            Err(refusal) => tracing::warn!(
                unit.id = %head.unit, head.revision = %head.revision, error = %refusal, "a head was refused"
            ),
        }
    }
}

//! What a newcomer sees first: the catalogue loaded, the sample deployed, its page answering.

use anyhow::Result;

use super::{
    parts::{self, Site},
    ports::Listener,
    status::Noted,
    up::{self, Target},
};
use crate::progress::Progress;

/// Loads the catalogue, deploys the sample and waits until it answers through the Gateway.
///
/// # Errors
/// A step fails or does not end in time.
pub fn deploy(
    site: &Site<'_>,
    target: &Target,
    noted: &mut Noted,
    progress: &Progress,
) -> Result<()> {
    up::start(site, parts::forward(site, target.gateway)?, progress)?;
    let mut note = |what: &str, url: String| noted.urls.insert(what.to_owned(), url);
    note("portal", up::url(site.ports, Listener::Gateway));
    note("observer", up::url(site.ports, Listener::Observer));
    Ok(())
}

//! What a new installation begins with: roles, and bindings that give them to the usual groups.
//!
//! They are ordinary objects that belong to the administrators from then on. Where any role or binding
//! is there nothing is installed, so that what was taken away stays away; where all are gone, a start
//! brings them back, so that nobody is locked out for good.

use jiff::Timestamp;

use model::{Code, Coded, Diagnostics, ObjectKey};
use store::{Cause, Expect, Put, Store};

use crate::{admit, policy};

/// A new installation could not be furnished.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The store failed.
    #[error("the default roles could not be stored")]
    Store(#[source] store::Error),
    /// An object that is part of the program is not valid.
    #[error("{key} is not valid: {diagnostics}")]
    Refused {
        key: ObjectKey,
        diagnostics: Diagnostics,
    },
}

/// Installs the default roles and bindings where there are none.
pub(crate) async fn install(store: &Store, now: Timestamp) -> Result<(), Error> {
    if !policy::objects(store)
        .await
        .map_err(Error::Store)?
        .is_empty()
    {
        return Ok(());
    }
    let cause = Cause {
        actor: "system:bootstrap".to_owned(),
        at: now,
        ..Cause::default()
    };
    for object in authz::defaults::objects() {
        let key = object.key.clone();
        let checked = admit::admit(object, None)
            .map_err(|diagnostics| Error::Refused { key, diagnostics })?;
        match store
            .put(Put::new(checked, Expect::Create), cause.clone())
            .await
        {
            // Another replica does the same.
            Err(error) if error.code() == Code::AlreadyExists => {}
            Err(error) => return Err(Error::Store(error)),
            Ok(_) => {}
        }
    }
    tracing::info!("installed the default roles and bindings");
    Ok(())
}

//! Links: which planes have joined, with which key, for which cluster.
//!
//! A plane joins with a one-time token, of which only the digest is kept. The store refuses another
//! cluster under a known key, and a known plane under another key, unless the operator revoked the
//! link first.

use jiff::Timestamp;
use model::{Code, Coded, Digest, PlaneName};

use crate::{Error, Store, sql::Row};

mod join;

/// A plane that has joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The plane.
    pub plane: PlaneName,
    /// Its nkey user public key.
    pub public_key: String,
    /// UID of the cluster's `kube-system` namespace; empty for planes without a cluster.
    pub cluster_uid: String,
    /// Namespaces whose plane objects may attach to it; empty: all.
    pub namespaces: Vec<String>,
    /// When it joined.
    pub joined_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A right to join once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinToken {
    /// Digest of the secret.
    pub digest: Digest,
    /// The plane that may join with it.
    pub plane: PlaneName,
    /// Becomes [`Link::namespaces`].
    pub namespaces: Vec<String>,
    /// When it stops being valid.
    pub expires_at: Timestamp,
}

/// A plane asks to join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRequest {
    /// Digest of the token that it shows.
    pub token: Digest,
    /// The plane.
    pub plane: PlaneName,
    /// Its nkey user public key.
    pub public_key: String,
    /// UID of its cluster.
    pub cluster_uid: String,
    /// The time of the request.
    pub at: Timestamp,
}

/// Why a plane may not join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefused {
    /// No such token, or one for another plane.
    #[error("the token is not known for this plane: ask for a new one")]
    UnknownToken,
    /// The token's time is over.
    #[error("the token has expired: ask for a new one")]
    Expired,
    /// Another plane has joined with the token.
    #[error("the token has been used: ask for a new one")]
    Used,
    /// The plane is linked under another key or to another cluster.
    #[error("the plane is linked to another agent or cluster: revoke that link first")]
    IdentityConflict,
}

impl Coded for JoinRefused {
    fn code(&self) -> Code {
        match self {
            Self::UnknownToken | Self::Expired | Self::Used => Code::Unauthenticated,
            Self::IdentityConflict => Code::Conflict,
        }
    }
}

impl Store {
    /// Keeps a token with which a plane may join.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_join_token(&self, token: JoinToken) -> Result<(), Error> {
        self.submit(join::PutToken { token }).await
    }

    /// Lets a plane join and uses up its token. The same plane with the same key may repeat the
    /// request, since its answer may have been lost.
    ///
    /// # Errors
    /// `Join` when it may not; otherwise when the database fails.
    pub async fn join(&self, request: JoinRequest) -> Result<Link, Error> {
        self.submit(join::Join { request }).await
    }

    /// Binds a link to its cluster, the first time; afterwards another cluster is refused. A plane without a cluster
    /// gives an empty UID and stays unbound.
    ///
    /// # Errors
    /// `Join(IdentityConflict)` when the link is bound to another cluster, `UnknownPlane` when the plane never joined;
    /// otherwise when the database fails.
    pub async fn bind_cluster(&self, plane: &PlaneName, cluster_uid: &str) -> Result<(), Error> {
        let link = self.find_link(plane).await?;
        let link = link.ok_or_else(|| Error::UnknownPlane(plane.clone()))?;
        if cluster_uid.is_empty() || link.cluster_uid == cluster_uid {
            return Ok(());
        }
        let (plane, cluster_uid) = (plane.clone(), cluster_uid.to_owned());
        self.submit(join::Bind { plane, cluster_uid }).await
    }

    /// Cuts a plane off. It may join again, with any key, by a new token.
    ///
    /// # Errors
    /// `UnknownPlane` when it never joined; otherwise when the database fails.
    pub async fn revoke_link(&self, plane: PlaneName, at: Timestamp) -> Result<(), Error> {
        self.submit(join::Revoke { plane, at }).await
    }

    /// The link of a plane, revoked ones included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_link(&self, plane: &PlaneName) -> Result<Option<Link>, Error> {
        let plane = plane.to_string();
        let row = self
            .reader()
            .await?
            .sql()
            .row(
                "SELECT plane, public_key, cluster_uid, namespaces, joined_at, revoked_at \
                 FROM links WHERE plane = $1",
                &[plane.into()],
            )
            .await?;
        row.as_ref().map(link).transpose()
    }

    /// The link that has this nkey public key, revoked ones included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_link_by_key(&self, public_key: &str) -> Result<Option<Link>, Error> {
        let row = self
            .reader()
            .await?
            .sql()
            .row(
                "SELECT plane, public_key, cluster_uid, namespaces, joined_at, revoked_at \
                 FROM links WHERE public_key = $1 ORDER BY joined_at DESC LIMIT 1",
                &[public_key.into()],
            )
            .await?;
        row.as_ref().map(link).transpose()
    }

    /// Every link, revoked ones included, by plane.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_links(&self) -> Result<Vec<Link>, Error> {
        let rows = self
            .reader()
            .await?
            .sql()
            .rows(
                "SELECT plane, public_key, cluster_uid, namespaces, joined_at, revoked_at \
                 FROM links ORDER BY plane",
                &[],
            )
            .await?;
        rows.iter().map(link).collect()
    }
}

fn link(row: &Row) -> Result<Link, Error> {
    Ok(Link {
        plane: row.plane(0)?,
        public_key: row.string(1)?,
        cluster_uid: row.string(2)?,
        namespaces: row.list(3)?,
        joined_at: row.time(4)?,
        revoked_at: row.maybe_time(5)?,
    })
}

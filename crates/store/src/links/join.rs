//! Joining and leaving.

use jiff::Timestamp;
use model::PlaneName;

use crate::{
    Error,
    writer::{Operation, Txn},
};

use super::{JoinRefused, JoinRequest, JoinToken, Link, link};

pub(super) struct PutToken {
    pub(super) token: JoinToken,
}

impl Operation for PutToken {
    type Output = ();

    async fn run(&self, txn: &mut Txn) -> Result<(), Error> {
        let JoinToken {
            digest,
            plane,
            namespaces,
            expires_at,
        } = &self.token;
        txn.sql()
            .execute(
                "INSERT INTO join_tokens (digest, plane, namespaces, expires_at) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING",
                &[
                    digest.into(),
                    plane.to_string().into(),
                    list(namespaces).into(),
                    expires_at.as_microsecond().into(),
                ],
            )
            .await?;
        Ok(())
    }
}

fn list(texts: &[String]) -> String {
    serde_json::to_string(texts).expect("a list of strings is JSON")
}

pub(super) struct Join {
    pub(super) request: JoinRequest,
}

/// A token as it was found.
struct Found {
    namespaces: String,
    expires_at: Timestamp,
    used_by: Option<String>,
}

impl Operation for Join {
    type Output = Link;

    async fn run(&self, txn: &mut Txn) -> Result<Link, Error> {
        let token = self
            .find_token(txn)
            .await?
            .ok_or(Error::Join(JoinRefused::UnknownToken))?;
        let old = self.find_link(txn).await?;
        let held = old.as_ref().filter(|link| link.revoked_at.is_none());
        if let Some(user) = &token.used_by {
            return match held {
                Some(link) if *user == self.request.public_key && self.is_same(link) => {
                    Ok(link.clone())
                }
                _ => Err(Error::Join(JoinRefused::Used)),
            };
        }
        if token.expires_at <= self.request.at {
            return Err(Error::Join(JoinRefused::Expired));
        }
        if held.is_some_and(|link| !self.is_same(link)) {
            return Err(Error::Join(JoinRefused::IdentityConflict));
        }
        self.use_token(txn).await?;
        self.save(txn, &token).await
    }
}

impl Join {
    fn is_same(&self, link: &Link) -> bool {
        link.public_key == self.request.public_key && link.cluster_uid == self.request.cluster_uid
    }

    async fn find_token(&self, txn: &mut Txn) -> Result<Option<Found>, Error> {
        let row = txn
            .sql()
            .row(
                "SELECT namespaces, expires_at, used_by FROM join_tokens \
                 WHERE digest = $1 AND plane = $2",
                &[
                    (&self.request.token).into(),
                    self.request.plane.to_string().into(),
                ],
            )
            .await?;
        row.map(|row| {
            Ok(Found {
                namespaces: row.string(0)?,
                expires_at: row.time(1)?,
                used_by: row.maybe_string(2)?,
            })
        })
        .transpose()
    }

    async fn find_link(&self, txn: &mut Txn) -> Result<Option<Link>, Error> {
        let row = txn
            .sql()
            .row(
                "SELECT plane, public_key, cluster_uid, namespaces, joined_at, revoked_at \
                 FROM links WHERE plane = $1",
                &[self.request.plane.to_string().into()],
            )
            .await?;
        row.as_ref().map(link).transpose()
    }

    async fn use_token(&self, txn: &mut Txn) -> Result<(), Error> {
        txn.sql()
            .execute(
                "UPDATE join_tokens SET used_at = $2, used_by = $3 WHERE digest = $1",
                &[
                    (&self.request.token).into(),
                    self.request.at.as_microsecond().into(),
                    self.request.public_key.as_str().into(),
                ],
            )
            .await?;
        Ok(())
    }

    async fn save(&self, txn: &mut Txn, token: &Found) -> Result<Link, Error> {
        let JoinRequest {
            plane,
            public_key,
            cluster_uid,
            at,
            ..
        } = &self.request;
        let row = txn
            .sql()
            .one(
                "INSERT INTO links (plane, public_key, cluster_uid, namespaces, joined_at) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (plane) DO UPDATE SET \
                 public_key = excluded.public_key, cluster_uid = excluded.cluster_uid, \
                 namespaces = excluded.namespaces, joined_at = excluded.joined_at, \
                 revoked_at = NULL \
                 RETURNING plane, public_key, cluster_uid, namespaces, joined_at, revoked_at",
                &[
                    plane.to_string().into(),
                    public_key.as_str().into(),
                    cluster_uid.as_str().into(),
                    token.namespaces.as_str().into(),
                    at.as_microsecond().into(),
                ],
            )
            .await?;
        link(&row)
    }
}

pub(super) struct Bind {
    pub(super) plane: PlaneName,
    pub(super) cluster_uid: String,
}

impl Operation for Bind {
    type Output = ();

    async fn run(&self, txn: &mut Txn) -> Result<(), Error> {
        let bound = txn
            .sql()
            .execute(
                "UPDATE links SET cluster_uid = $2 \
                 WHERE plane = $1 AND cluster_uid IN ('', $2)",
                &[
                    self.plane.to_string().into(),
                    self.cluster_uid.as_str().into(),
                ],
            )
            .await?;
        match bound {
            0 => Err(Error::Join(JoinRefused::IdentityConflict)),
            _ => Ok(()),
        }
    }
}

pub(super) struct Revoke {
    pub(super) plane: PlaneName,
    pub(super) at: Timestamp,
}

impl Operation for Revoke {
    type Output = ();

    async fn run(&self, txn: &mut Txn) -> Result<(), Error> {
        let revoked = txn
            .sql()
            .execute(
                "UPDATE links SET revoked_at = $2 WHERE plane = $1",
                &[
                    self.plane.to_string().into(),
                    self.at.as_microsecond().into(),
                ],
            )
            .await?;
        match revoked {
            0 => Err(Error::UnknownPlane(self.plane.clone())),
            _ => Ok(()),
        }
    }
}

//! Joining, sessions, audit.

use model::{Digest, RawJson, UnitRevision};
use store::{
    Error, Store, audit,
    links::{JoinRefused, JoinRequest, JoinToken, Link},
    sessions::Agent,
};

use crate::{backend::on_every_backend, samples::*};

async fn token(store: &Store, secret: &str) {
    let token = JoinToken {
        digest: Digest::of(secret.as_bytes()),
        plane: plane(),
        namespaces: vec!["default".to_owned()],
        expires_at: at(100),
    };
    store.put_join_token(token).await.unwrap();
}

async fn join(store: &Store, secret: &str, key: &str, second: i64) -> Result<Link, Error> {
    let request = JoinRequest {
        token: Digest::of(secret.as_bytes()),
        plane: plane(),
        public_key: key.to_owned(),
        cluster_uid: "cluster".to_owned(),
        at: at(second),
    };
    store.join(request).await
}

fn refused(result: Result<Link, Error>) -> JoinRefused {
    match result {
        Err(Error::Join(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

on_every_backend! {
    async fn a_token_lets_one_plane_join_once(store: Store) {
        token(&store, "t1").await;
        assert_eq!(refused(join(&store, "guess", "K1", 1).await), JoinRefused::UnknownToken);
        let link = join(&store, "t1", "K1", 1).await.unwrap();
        assert_eq!(link.namespaces, ["default"]);
        assert_eq!(join(&store, "t1", "K1", 2).await.unwrap(), link);
        assert_eq!(refused(join(&store, "t1", "K2", 2).await), JoinRefused::Used);
        assert_eq!(store.find_link_by_key("K1").await.unwrap(), Some(link.clone()));
        assert_eq!(store.find_link(&plane()).await.unwrap(), Some(link));
        assert_eq!(store.list_links().await.unwrap().len(), 1);
    }

    async fn two_planes_that_race_for_a_token_do_not_both_join(store: Store) {
        token(&store, "t1").await;
        let (one, two) = tokio::join!(join(&store, "t1", "K1", 1), join(&store, "t1", "K2", 1));
        assert!(one.is_ok() != two.is_ok());
    }

    async fn an_expired_token_is_refused(store: Store) {
        token(&store, "t1").await;
        assert_eq!(refused(join(&store, "t1", "K1", 100).await), JoinRefused::Expired);
    }

    async fn another_identity_must_wait_for_the_link_to_be_revoked(store: Store) {
        token(&store, "t1").await;
        token(&store, "t2").await;
        join(&store, "t1", "K1", 1).await.unwrap();
        assert_eq!(refused(join(&store, "t2", "K2", 2).await), JoinRefused::IdentityConflict);
        store.revoke_link(plane(), at(3)).await.unwrap();
        assert_eq!(store.find_link(&plane()).await.unwrap().unwrap().revoked_at, Some(at(3)));
        assert_eq!(refused(join(&store, "t1", "K1", 3).await), JoinRefused::Used);
        let link = join(&store, "t2", "K2", 4).await.unwrap();
        assert_eq!(link.revoked_at, None);
        let unknown = store.revoke_link("dataplane-other".parse().unwrap(), at(1)).await;
        assert!(matches!(unknown, Err(Error::UnknownPlane(_))));
    }

    async fn a_link_is_bound_to_the_first_cluster_it_names(store: Store) {
        let unbound = |cluster: &str| JoinRequest {
            token: Digest::of(b"t1"),
            plane: plane(),
            public_key: "K1".to_owned(),
            cluster_uid: cluster.to_owned(),
            at: at(1),
        };
        assert!(matches!(store.bind_cluster(&plane(), "c1").await, Err(Error::UnknownPlane(_))));
        token(&store, "t1").await;
        store.join(unbound("")).await.unwrap();
        for uid in ["", "c1", "c1", ""] {
            store.bind_cluster(&plane(), uid).await.unwrap();
        }
        let other = store.bind_cluster(&plane(), "c2").await;
        assert!(matches!(other, Err(Error::Join(JoinRefused::IdentityConflict))), "{other:?}");
        assert_eq!(store.find_link(&plane()).await.unwrap().unwrap().cluster_uid, "c1");
    }

    async fn a_newer_session_fences_the_older(store: Store) {
        let highest = UnitRevision { incarnation: 1, counter: 7 };
        let agent = Agent { version: "0.1.0".to_owned(), ..Agent::default() };
        let first = store.start_session(plane(), agent.clone(), highest, at(1)).await.unwrap();
        let second = store.start_session(plane(), agent, highest, at(2)).await.unwrap();
        assert!(second.epoch > first.epoch);
        let newest = UnitRevision { incarnation: 1, counter: 9 };
        assert!(!store.touch_session(plane(), first.epoch, newest, at(3)).await.unwrap());
        assert!(store.touch_session(plane(), second.epoch, newest, at(4)).await.unwrap());
        let session = store.find_session(&plane()).await.unwrap().unwrap();
        assert_eq!((session.seen_at, session.highest, session.started_at), (at(4), newest, at(2)));
        assert_eq!(store.list_sessions().await.unwrap(), [session]);
        assert_eq!(store.revision().0, 0);
    }

    async fn the_audit_log_is_read_newest_first(store: Store) {
        let record = |actor: &str| audit::Record {
            at: at(1),
            actor: actor.to_owned(),
            action: "component:create".to_owned(),
            object: Some(component("a")),
            outcome: "denied".to_owned(),
            request_id: None,
            trace: None,
            detail: RawJson::parse(r#"{"why":"no role"}"#).unwrap(),
        };
        store.append_audit(vec![record("ann"), record("bob")]).await.unwrap();
        let newest = store.list_audit(u64::MAX, 1).await.unwrap();
        assert_eq!(newest[0].1, record("bob"));
        let rest = store.list_audit(newest[0].0, 10).await.unwrap();
        assert_eq!(rest.iter().map(|(_, r)| r.actor.as_str()).collect::<Vec<_>>(), ["ann"]);
        assert_eq!(store.prune_audit(at(1), 10).await.unwrap(), 0);
        assert_eq!(store.prune_audit(at(2), 10).await.unwrap(), 2);
    }
}

//! Who is woken by what.

use std::time::Duration;

use serde_json::json;

use model::{Facet, ObjectKey};
use store::{Decision, Read, Store};

use crate::{backend::on_every_backend, samples::*};

/// Lets component `reader` exist and have read these, with nothing left to wake.
async fn reader(store: &Store, reads: Vec<Read>) -> ObjectKey {
    let key = component("reader");
    write(store, &key, json!({})).await;
    store.commit(decision(&key, reads)).await.unwrap();
    settle(store).await;
    key
}

on_every_backend! {
    async fn a_write_wakes_its_object_once(store: Store) {
        write(&store, &component("a"), json!({"x": 1})).await;
        write(&store, &component("a"), json!({"x": 2})).await;
        assert_eq!(woken(&store).await, ["a"]);
        assert!(woken(&store).await.is_empty());
    }

    async fn only_a_change_of_the_facet_that_was_read_wakes(store: Store) {
        let read_key = component("target");
        write(&store, &read_key, json!({"x": 1})).await;
        reader(&store, vec![read(&store, &read_key, Facet::Spec).await]).await;
        export(&store, &read_key, json!({"ready": true}), "ready").await;
        assert_eq!(woken(&store).await, ["target"]);
        write(&store, &read_key, json!({"x": 2})).await;
        assert_eq!(woken(&store).await, ["reader", "target"]);
        delete(&store, &read_key).await;
        assert_eq!(woken(&store).await, ["reader"]);
    }

    async fn a_status_change_that_exports_the_same_wakes_no_reader(store: Store) {
        let key = component("target");
        write(&store, &key, json!({})).await;
        export(&store, &key, json!({"ready": true}), "ready").await;
        reader(&store, vec![read(&store, &key, Facet::Exports).await]).await;
        export(&store, &key, json!({"ready": true, "since": 7}), "ready").await;
        assert_eq!(woken(&store).await, ["target"]);
        write(&store, &key, json!({"x": 2})).await;
        assert_eq!(woken(&store).await, ["target"]);
        export(&store, &key, json!({"ready": false}), "not ready").await;
        assert_eq!(woken(&store).await, ["reader", "target"]);
    }

    async fn a_miss_that_was_read_wakes_when_it_is_filled(store: Store) {
        let key = component("later");
        reader(&store, vec![read(&store, &key, Facet::Exports).await]).await;
        write(&store, &key, json!({})).await;
        assert_eq!(woken(&store).await, ["later", "reader"]);
    }

    async fn an_index_wakes_when_members_come_change_and_go(store: Store) {
        let index = workloads_of("web");
        reader(&store, vec![read_index(&store, &index, Facet::Spec).await]).await;
        write(&store, &workload("w"), json!({"of": "api"})).await;
        assert_eq!(woken(&store).await, ["w"]);
        write(&store, &workload("w"), json!({"of": "web"})).await;
        assert_eq!(woken(&store).await, ["reader", "w"]);
        export(&store, &workload("w"), json!({}), "other").await;
        assert_eq!(woken(&store).await, ["w"]);
        write(&store, &workload("w"), json!({"of": "web", "x": 1})).await;
        assert_eq!(woken(&store).await, ["reader", "w"]);
        write(&store, &workload("w"), json!({"of": "api"})).await;
        assert_eq!(woken(&store).await, ["reader", "w"]);
        write(&store, &workload("w"), json!({"of": "api", "x": 2})).await;
        assert_eq!(woken(&store).await, ["w"]);
    }

    async fn a_decision_replaces_what_was_read_before(store: Store) {
        let (one, two) = (component("one"), component("two"));
        let key = reader(&store, vec![read(&store, &one, Facet::Spec).await]).await;
        let again = decision(&key, vec![read(&store, &two, Facet::Spec).await]);
        store.commit(again).await.unwrap();
        write(&store, &one, json!({})).await;
        assert_eq!(woken(&store).await, ["one"]);
        write(&store, &two, json!({})).await;
        assert_eq!(woken(&store).await, ["reader", "two"]);
    }

    async fn a_reader_that_is_gone_is_not_woken(store: Store) {
        let target = component("target");
        let key = reader(&store, vec![read(&store, &target, Facet::Spec).await]).await;
        delete(&store, &key).await;
        write(&store, &target, json!({})).await;
        assert_eq!(woken(&store).await, ["target"]);
    }

    async fn a_claimed_wake_belongs_to_its_claimer_until_the_lease_ends(store: Store) {
        write(&store, &component("a"), json!({})).await;
        let now = at(50);
        assert_eq!(store.claim_wakes(10, now).await.unwrap().len(), 1);
        assert!(store.claim_wakes(10, now).await.unwrap().is_empty());
        let lease = Duration::from_secs(30);
        assert_eq!(store.next_wake().await.unwrap(), Some(now + lease));
        assert_eq!(store.claim_wakes(10, now + lease).await.unwrap().len(), 1);
    }

    async fn a_newer_wake_survives_the_commit_of_an_older_one(store: Store) {
        let key = component("a");
        write(&store, &key, json!({"x": 1})).await;
        let wake = claim(&store).await.remove(0);
        write(&store, &key, json!({"x": 2})).await;
        assert!(claim(&store).await.is_empty());
        let commit = Decision { wake: Some(wake.token), ..decision(&key, vec![]) };
        store.commit(commit).await.unwrap();
        let newer = claim(&store).await.remove(0);
        let commit = Decision { wake: Some(newer.token), ..decision(&key, vec![]) };
        store.commit(commit).await.unwrap();
        assert_eq!(store.next_wake().await.unwrap(), None);
    }

    async fn a_released_wake_comes_back_at_its_time(store: Store) {
        write(&store, &component("a"), json!({})).await;
        let wake = claim(&store).await.remove(0);
        store.release_wake(&wake, at(200)).await.unwrap();
        assert_eq!(store.next_wake().await.unwrap(), Some(at(200)));
        assert!(claim(&store).await.is_empty());
        assert_eq!(store.claim_wakes(1, at(200)).await.unwrap().len(), 1);
    }

    async fn a_decision_can_ask_to_be_woken_later(store: Store) {
        let key = component("a");
        write(&store, &key, json!({})).await;
        let wake = claim(&store).await.remove(0);
        let later = Decision { wake: Some(wake.token), wake_at: Some(at(500)), ..decision(&key, vec![]) };
        store.commit(later).await.unwrap();
        assert!(claim(&store).await.is_empty());
        let wakes = store.claim_wakes(1, at(500)).await.unwrap();
        assert_eq!((wakes[0].object.clone(), wakes[0].token.hops()), (key, 0));
    }

    async fn a_scheduled_wake_comes_early_if_something_changes(store: Store) {
        let key = component("a");
        write(&store, &key, json!({})).await;
        settle(&store).await;
        store.wake_at(vec![key.clone()], at(500)).await.unwrap();
        assert!(woken(&store).await.is_empty());
        write(&store, &key, json!({"x": 2})).await;
        assert_eq!(woken(&store).await, ["a"]);
    }

    async fn hops_count_decisions_and_outside_changes_reset_them(store: Store) {
        let (ping, pong) = (component("ping"), component("pong"));
        write(&store, &ping, json!({})).await;
        write(&store, &pong, json!({})).await;
        settle(&store).await;
        let read_ping = read(&store, &ping, Facet::Exports).await;
        store.commit(decision(&pong, vec![read_ping])).await.unwrap();
        let read_pong = read(&store, &pong, Facet::Exports).await;
        store.commit(decision(&ping, vec![read_pong])).await.unwrap();
        store.wake_at(vec![ping.clone()], at(20)).await.unwrap();
        for round in 0..6_u32 {
            let wake = claim(&store).await.remove(0);
            assert_eq!(wake.token.hops(), round);
            let other = if wake.object == ping { &pong } else { &ping };
            let grounds = vec![read(&store, other, Facet::Exports).await];
            let commit = Decision {
                wake: Some(wake.token),
                status: Some(status(json!({ "round": round }), &format!("round {round}"))),
                ..decision(&wake.object, grounds)
            };
            store.commit(commit).await.unwrap();
        }
        export(&store, &ping, json!({}), "outside").await;
        assert!(claim(&store).await.iter().all(|wake| wake.token.hops() == 0));
    }

    async fn subscribers_hear_of_wakes(store: Store) {
        let mut wakes = store.subscribe_wakes();
        write(&store, &component("a"), json!({})).await;
        wakes.changed().await.unwrap();
    }
}

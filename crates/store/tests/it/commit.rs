//! Optimistic commits.

use serde_json::json;

use model::{Code, Coded as _, Facet, ObjectMeta, Target};
use store::{Decision, Error, Expect, FinalizerChange, Outcome};

use crate::{backend::on_every_backend, samples::*};

on_every_backend! {
    async fn a_decision_on_outdated_grounds_is_refused_whole(store: Store) {
        let (key, other) = (component("a"), component("b"));
        write(&store, &key, json!({})).await;
        write(&store, &other, json!({"x": 1})).await;
        let grounds = vec![read(&store, &key, Facet::Spec).await, read(&store, &other, Facet::Spec).await];
        write(&store, &other, json!({"x": 2})).await;
        let stale = Decision {
            puts: vec![put(&workload("w"), json!({}), Expect::Upsert)],
            ..decision(&key, grounds)
        };
        let error = store.commit(stale).await.unwrap_err();
        assert!(matches!(error, Error::ReadMoved(_)) && error.is_conflict());
        assert!(store.find(&workload("w")).await.unwrap().is_none());
    }

    async fn a_miss_that_was_filled_is_a_conflict(store: Store) {
        let (key, later) = (component("a"), component("later"));
        write(&store, &key, json!({})).await;
        let grounds = vec![read(&store, &later, Facet::Exports).await];
        write(&store, &later, json!({})).await;
        assert_eq!(store.commit(decision(&key, grounds)).await.unwrap_err().code(), Code::Conflict);
    }

    async fn an_index_that_changed_is_a_conflict(store: Store) {
        let key = component("a");
        write(&store, &key, json!({})).await;
        write(&store, &workload("w"), json!({"of": "web"})).await;
        let spec = read_index(&store, &workloads_of("web"), Facet::Spec).await;
        let exports = read_index(&store, &workloads_of("web"), Facet::Exports).await;
        export(&store, &workload("w"), json!({}), "new").await;
        store.commit(decision(&key, vec![spec.clone()])).await.unwrap();
        assert!(store.commit(decision(&key, vec![exports])).await.unwrap_err().is_conflict());
        write(&store, &workload("v"), json!({"of": "web"})).await;
        assert!(store.commit(decision(&key, vec![spec])).await.unwrap_err().is_conflict());
    }

    async fn a_change_of_another_facet_is_no_conflict(store: Store) {
        let (key, other) = (component("a"), component("b"));
        write(&store, &key, json!({})).await;
        write(&store, &other, json!({"x": 1})).await;
        let grounds = vec![read(&store, &other, Facet::Spec).await];
        export(&store, &other, json!({"ready": true}), "ready").await;
        store.commit(decision(&key, grounds)).await.unwrap();
    }

    async fn a_decision_writes_everything_at_once(store: Store) {
        let key = component("a");
        write(&store, &key, json!({})).await;
        write(&store, &workload("old"), json!({"of": "a"})).await;
        settle(&store).await;
        let blob = bundle(&unit("a"), "x");
        let committed = store.commit(Decision {
            puts: vec![put(&workload("new"), json!({"of": "a"}), Expect::Upsert)],
            deletes: vec![workload("old"), workload("never")],
            status: Some(status(json!({"ready": true}), "ready")),
            finalizers: vec![FinalizerChange::Add("quintet.dev/f".to_owned())],
            heads: vec![set_head(&unit("a"), Target::Bundle(blob.digest))],
            bundles: vec![blob.clone()],
            ..decision(&key, vec![])
        }).await.unwrap();
        assert_eq!(committed.objects.len(), 4);
        assert_eq!(committed.planes.len(), 1);
        assert_eq!(committed.planes[0].heads[0].target, Target::Bundle(blob.digest));
        assert_eq!(store.bundle(&blob.digest).await.unwrap(), Some(blob));
        assert!(store.find(&workload("old")).await.unwrap().is_none());
        let owner = store.find(&key).await.unwrap().unwrap();
        assert_eq!(owner.envelope.metadata.finalizers, ["quintet.dev/f"]);
        assert_eq!(owner.envelope.status.to_value(), json!({"ready": true}));
        assert_eq!(woken(&store).await, ["new"]);
    }

    async fn the_same_decision_again_changes_nothing(store: Store) {
        let key = component("a");
        write(&store, &key, json!({})).await;
        let blob = bundle(&unit("a"), "x");
        let decide = || Decision {
            puts: vec![put(&workload("w"), json!({"of": "a"}), Expect::Upsert)],
            status: Some(status(json!({"ready": true}), "ready")),
            heads: vec![set_head(&unit("a"), Target::Bundle(blob.digest))],
            bundles: vec![blob.clone()],
            ..decision(&key, vec![])
        };
        store.commit(decide()).await.unwrap();
        let revision = store.revision();
        let again = store.commit(decide()).await.unwrap();
        assert!(again.planes.is_empty() && again.objects.iter().all(|outcome| !outcome.changed()));
        assert_eq!(store.revision(), revision);
    }

    async fn a_put_of_a_decision_keeps_finalizers(store: Store) {
        let (key, child) = (component("a"), workload("w"));
        write(&store, &key, json!({})).await;
        let mut metadata = ObjectMeta::named(Some("default"), "w");
        metadata.finalizers.push("quintet.dev/f".to_owned());
        store.put(put_with(&child, metadata, json!({}), Expect::Create), cause(1)).await.unwrap();
        let puts = vec![put(&child, json!({"x": 2}), Expect::Upsert)];
        store.commit(Decision { puts, ..decision(&key, vec![]) }).await.unwrap();
        let child = store.find(&child).await.unwrap().unwrap();
        assert_eq!(child.envelope.metadata.finalizers, ["quintet.dev/f"]);
    }

    async fn removing_the_last_finalizer_lets_a_deleted_owner_go(store: Store) {
        let key = component("a");
        let mut metadata = ObjectMeta::named(Some("default"), "a");
        metadata.finalizers.push("quintet.dev/f".to_owned());
        store.put(put_with(&key, metadata, json!({}), Expect::Create), cause(1)).await.unwrap();
        delete(&store, &key).await;
        let wake = claim(&store).await.remove(0);
        let finished = store.commit(Decision {
            wake: Some(wake.token),
            status: Some(status(json!({"done": true}), "done")),
            finalizers: vec![FinalizerChange::Remove("quintet.dev/f".to_owned())],
            ..decision(&key, vec![read(&store, &key, Facet::Spec).await])
        }).await.unwrap();
        assert!(matches!(finished.objects.last(), Some(Outcome::Removed(_))));
        assert!(store.find(&key).await.unwrap().is_none());
        assert_eq!(store.next_wake().await.unwrap(), None);
    }

    async fn reports_and_heads_are_grounds_too(store: Store) {
        let (key, of) = (component("a"), unit("a"));
        write(&store, &key, json!({})).await;
        let report_read = || async {
            let seen = store.find_reports(&of).await.unwrap().seen();
            store::Read { target: store::ReadTarget::Report(of.clone()), seen }
        };
        let head_read = || async {
            let seen = store.find_heads(&of).await.unwrap().seen();
            store::Read { target: store::ReadTarget::Heads(of.clone()), seen }
        };
        let (old_report, old_head) = (report_read().await, head_read().await);
        store.put_report(report(&of, 1, 1, ""), at(1)).await.unwrap();
        assert!(store.commit(decision(&key, vec![old_report])).await.unwrap_err().is_conflict());
        let blob = bundle(&of, "x");
        let heads = vec![set_head(&of, Target::Bundle(blob.digest))];
        let set = Decision { bundles: vec![blob], heads, ..decision(&key, vec![old_head.clone(), report_read().await]) };
        store.commit(set).await.unwrap();
        assert!(store.commit(decision(&key, vec![old_head])).await.unwrap_err().is_conflict());
        store.commit(decision(&key, vec![head_read().await])).await.unwrap();
    }
}

//! Heads, their summaries, tombstones and bundles.

use serde_json::json;

use model::{Digest, Head, Target, Tombstone, UnitId, UnitRevision};
use store::{Decision, Error, HeadChange, Store};

use crate::{backend::on_every_backend, samples::*};

/// Sets the head of a unit; gives its target.
async fn deploy(store: &Store, name: &str, feature: &str) -> Target {
    let owner = component(name);
    write(store, &owner, json!({})).await;
    let blob = bundle(&unit(name), feature);
    let target = Target::Bundle(blob.digest);
    let heads = vec![set_head(&unit(name), target)];
    store
        .commit(Decision {
            bundles: vec![blob],
            heads,
            ..decision(&owner, vec![])
        })
        .await
        .unwrap();
    target
}

async fn change(store: &Store, name: &str, change: HeadChange) {
    store
        .commit(Decision {
            heads: vec![change],
            ..decision(&component(name), vec![])
        })
        .await
        .unwrap();
}

async fn all_heads(store: &Store) -> Vec<Head> {
    let page = store.heads_page(&plane(), None, 1000).await.unwrap();
    assert!(page.last);
    page.heads
}

fn live_hash(heads: &[Head]) -> u64 {
    heads
        .iter()
        .filter(|head| matches!(head.target, Target::Bundle(_)))
        .fold(0_u64, |sum, head| sum.wrapping_add(head.hash_share()))
}

on_every_backend! {
    async fn heads_are_listed_by_revision_and_by_unit(store: Store) {
        for name in ["c", "a", "b"] {
            deploy(&store, name, "one").await;
        }
        let first = store.heads_since(&plane(), UnitRevision::default(), 2).await.unwrap();
        let names = |heads: &[Head]| heads.iter().map(|head| head.unit.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&first.heads), ["component.default.c", "component.default.a"]);
        assert!(!first.last);
        let rest = store.heads_since(&plane(), first.heads[1].revision, 2).await.unwrap();
        assert_eq!((names(&rest.heads), rest.last), (vec!["component.default.b".to_owned()], true));
        assert_eq!(rest.newest, rest.heads[0].revision);
        let after: UnitId = unit("a");
        let page = store.heads_page(&plane(), Some(&after), 1).await.unwrap();
        assert_eq!((names(&page.heads), page.last), (vec!["component.default.b".to_owned()], false));
        assert_eq!(store.find_owner(&after).await.unwrap(), Some(component("a")));
    }

    async fn the_summary_keeps_up_with_every_change(store: Store) {
        assert_eq!(store.heads_summary(&plane()).await.unwrap().count, 0);
        for name in ["a", "b", "c"] {
            deploy(&store, name, "one").await;
        }
        deploy(&store, "a", "two").await;
        change(&store, "b", set_head(&unit("b"), Target::Tombstone(Tombstone::Delete))).await;
        let heads = all_heads(&store).await;
        let summary = store.heads_summary(&plane()).await.unwrap();
        assert_eq!((summary.count, summary.hash), (2, live_hash(&heads)));
        assert_eq!(Some(summary.revision), heads.iter().map(|head| head.revision).max());
    }

    async fn a_published_change_names_the_revision_before(store: Store) {
        deploy(&store, "a", "one").await;
        let before = store.heads_summary(&plane()).await.unwrap().revision;
        let tombstone = set_head(&unit("a"), Target::Tombstone(Tombstone::Release));
        let committed = store.commit(Decision { heads: vec![tombstone], ..decision(&component("a"), vec![]) }).await.unwrap();
        assert_eq!(committed.planes[0].previous, before);
        assert!(committed.planes[0].revision > before);
        assert_eq!(committed.planes[0].revision.counter, committed.revision.0);
    }

    async fn a_head_without_its_bundle_is_refused(store: Store) {
        write(&store, &component("a"), json!({})).await;
        let heads = vec![set_head(&unit("a"), Target::Bundle(Digest::of(b"nowhere")))];
        let error = store.commit(Decision { heads, ..decision(&component("a"), vec![]) }).await.unwrap_err();
        assert!(matches!(error, Error::MissingBundle(_)));
    }

    async fn an_older_compiler_never_overwrites_a_newer(store: Store) {
        let Target::Bundle(_) = deploy(&store, "a", "one").await else { panic!("a tombstone") };
        let blob = bundle(&unit("a"), "other");
        let target = Target::Bundle(blob.digest);
        let older = HeadChange::Set { unit: unit("a"), plane: plane(), target, compiler_epoch: 0 };
        let decision = Decision { bundles: vec![blob], heads: vec![older], ..decision(&component("a"), vec![]) };
        assert!(matches!(store.commit(decision).await, Err(Error::OlderCompiler { stored: 1, offered: 0, .. })));
    }

    async fn a_tombstone_is_dropped_only_as_it_was_acknowledged(store: Store) {
        deploy(&store, "a", "one").await;
        let live = all_heads(&store).await[0].revision;
        assert!(!store.drop_tombstone(plane(), unit("a"), live, at(1)).await.unwrap());
        change(&store, "a", HeadChange::Forget { unit: unit("a"), plane: plane() }).await;
        assert_eq!(all_heads(&store).await.len(), 1);
        change(&store, "a", set_head(&unit("a"), Target::Tombstone(Tombstone::Delete))).await;
        store.put_report(report(&unit("a"), 1, 1, ""), at(1)).await.unwrap();
        assert!(!store.drop_tombstone(plane(), unit("a"), live, at(1)).await.unwrap());
        let revision = all_heads(&store).await[0].revision;
        assert!(store.drop_tombstone(plane(), unit("a"), revision, at(1)).await.unwrap());
        assert!(all_heads(&store).await.is_empty());
        assert!(store.find_reports(&unit("a")).await.unwrap().reports.is_empty());
        assert_eq!(store.heads_summary(&plane()).await.unwrap().revision, revision);
    }

    async fn raising_the_incarnation_puts_every_head_above_the_past(store: Store) {
        deploy(&store, "a", "one").await;
        deploy(&store, "b", "one").await;
        let past = all_heads(&store).await;
        assert_eq!(store.raise_incarnation(6).await.unwrap(), 7);
        assert_eq!(store.incarnation(), 7);
        let now = all_heads(&store).await;
        assert!(now.iter().all(|head| past.iter().all(|old| head.revision > old.revision)));
        let summary = store.heads_summary(&plane()).await.unwrap();
        assert_eq!((summary.hash, summary.revision.incarnation), (live_hash(&now), 7));
        deploy(&store, "c", "one").await;
        assert_eq!(store.heads_summary(&plane()).await.unwrap().hash, live_hash(&all_heads(&store).await));
    }

    async fn bundles_without_heads_are_pruned(store: Store) {
        let Target::Bundle(first) = deploy(&store, "a", "one").await else { panic!("a tombstone") };
        let Target::Bundle(second) = deploy(&store, "a", "two").await else { panic!("a tombstone") };
        assert_eq!(store.prune_bundles(at(10), 100).await.unwrap(), 0);
        assert_eq!(store.prune_bundles(at(11), 100).await.unwrap(), 1);
        assert!(!store.has_bundle(&first).await.unwrap());
        let blob = store.bundle(&second).await.unwrap().unwrap();
        let text = zstd::bulk::decompress(&blob.data, usize::try_from(blob.size).unwrap()).unwrap();
        assert_eq!(Digest::of(&text), second);
    }
}

//! The invariant behind wakes and commits: a change wakes a reader exactly when it moves what the
//! reader has read, and then, and only then, a commit on those grounds is refused.

use proptest::prelude::*;
use serde_json::json;

use model::{Facet, ObjectKey};
use store::{Delete, Read, ReadTarget, Store, Write};

use crate::{backend, samples::*};

#[derive(Debug, Clone)]
enum Change {
    Put {
        object: usize,
        of: Option<&'static str>,
        x: u8,
    },
    Export {
        object: usize,
        exports: u8,
    },
    Delete {
        object: usize,
    },
}

fn change() -> impl Strategy<Value = Change> {
    let of = prop::option::of(prop::sample::select(vec!["web", "api"]));
    prop_oneof![
        4 => (0..3_usize, of, 0..2_u8).prop_map(|(object, of, x)| Change::Put { object, of, x }),
        2 => (0..3_usize, 0..2_u8).prop_map(|(object, exports)| Change::Export { object, exports }),
        1 => (0..3_usize).prop_map(|object| Change::Delete { object }),
    ]
}

fn targets() -> Vec<ReadTarget> {
    let mut targets = Vec::new();
    for facet in [Facet::Spec, Facet::Exports] {
        targets.extend((0..3).map(|object| ReadTarget::Object(key(object), facet)));
        let indexes = [all_workloads(), workloads_of("web"), workloads_of("api")];
        targets.extend(indexes.map(|index| ReadTarget::Index(index, facet)));
    }
    targets
}

fn key(object: usize) -> ObjectKey {
    workload(&format!("w{object}"))
}

async fn read_all(store: &Store, targets: &[ReadTarget]) -> Vec<Read> {
    let mut reads = Vec::new();
    for target in targets {
        reads.push(match target {
            ReadTarget::Object(key, facet) => read(store, key, *facet).await,
            ReadTarget::Index(index, facet) => read_index(store, index, *facet).await,
            ReadTarget::Report(_) | ReadTarget::Heads(_) => panic!("not among the targets"),
        });
    }
    reads
}

async fn make(store: &Store, change: &Change) {
    match change {
        Change::Put { object, of, x } => {
            write(store, &key(*object), json!({ "of": of, "x": x })).await;
        }
        Change::Export { object, exports }
            if store.find(&key(*object)).await.unwrap().is_some() =>
        {
            export(
                store,
                &key(*object),
                json!({}),
                &format!("exports {exports}"),
            )
            .await;
        }
        Change::Delete { object } => {
            let delete = Write::Delete(Delete {
                key: key(*object),
                revision: None,
            });
            drop(store.write_one(delete, cause(1)).await);
        }
        Change::Export { .. } => {}
    }
}

async fn check(targets: Vec<ReadTarget>, changes: Vec<Change>) {
    let database = backend::sqlite().await;
    let store = &database.store;
    let reader = component("reader");
    write(store, &reader, json!({})).await;
    for change in changes {
        let grounds = read_all(store, &targets).await;
        store
            .commit(decision(&reader, grounds.clone()))
            .await
            .unwrap();
        settle(store).await;
        make(store, &change).await;
        let moved = read_all(store, &targets).await != grounds;
        let was_woken = woken(store).await.contains(&reader.name);
        let refused = store.commit(decision(&reader, grounds)).await.is_err();
        assert_eq!((was_woken, refused), (moved, moved), "{change:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_has_read_what_moves_is_woken_and_nobody_else(
        targets in prop::sample::subsequence(targets(), 0..5),
        changes in prop::collection::vec(change(), 1..14),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(targets, changes));
    }
}

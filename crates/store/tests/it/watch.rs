//! The watch log.

use serde_json::json;

use model::Revision;
use store::{Change, Changes, Event, Store};

use crate::{backend::on_every_backend, samples::*};

async fn events(store: &Store, after: u64, limit: usize) -> (Vec<(Change, String)>, Revision) {
    match store.changes(Revision(after), limit).await.unwrap() {
        Changes::Events { events, up_to } => {
            let shown = events
                .iter()
                .map(|event: &std::sync::Arc<Event>| (event.change, event.object.key.name.clone()));
            (shown.collect(), up_to)
        }
        Changes::Compacted { oldest } => panic!("compacted to {oldest}"),
    }
}

on_every_backend! {
    async fn a_watch_resumes_where_it_was(store: Store) {
        write(&store, &component("a"), json!({"x": 1})).await;
        write(&store, &component("b"), json!({})).await;
        write(&store, &component("a"), json!({"x": 2})).await;
        delete(&store, &component("b")).await;
        let named = |change, name: &str| (change, name.to_owned());
        let (first, up_to) = events(&store, 0, 3).await;
        assert_eq!(first, [named(Change::Added, "a"), named(Change::Added, "b"), named(Change::Modified, "a")]);
        let (rest, up_to) = events(&store, up_to.0, 3).await;
        assert_eq!(rest, [named(Change::Deleted, "b")]);
        assert_eq!(events(&store, up_to.0, 3).await, (vec![], store.revision()));
    }

    async fn an_event_shows_the_object_as_it_was(store: Store) {
        write(&store, &component("a"), json!({"x": 1})).await;
        write(&store, &component("a"), json!({"x": 2})).await;
        let history = store.history(&component("a"), 10).await.unwrap();
        let specs: Vec<_> = history.iter().map(|event| event.object.spec.to_value()).collect();
        assert_eq!(specs, [json!({"x": 2}), json!({"x": 1})]);
        for event in &history {
            assert_eq!(event.object.metadata.resource_version, Some(event.revision));
            assert_eq!(event.cause.actor, "tester");
        }
        let Changes::Events { events, .. } = store.changes(Revision(0), 10).await.unwrap() else { panic!("compacted") };
        assert_eq!(events[0].object, history[1].object);
    }

    async fn a_watcher_behind_the_compaction_must_list_again(store: Store) {
        for number in 0..6 {
            write(&store, &component("a"), json!({ "x": number })).await;
        }
        assert_eq!(store.compact(Revision(4)).await.unwrap(), 4);
        assert_eq!(store.compact(Revision(4)).await.unwrap(), 0);
        let behind = store.changes(Revision(3), 10).await.unwrap();
        assert!(matches!(behind, Changes::Compacted { oldest: Revision(4) }));
        assert_eq!(events(&store, 4, 10).await.0.len(), 2);
        let ahead = store.changes(Revision(99), 10).await.unwrap();
        assert!(matches!(ahead, Changes::Compacted { .. }));
        assert_eq!(store.revision_before(at(2)).await.unwrap(), Some(Revision(6)));
        assert_eq!(store.revision_before(at(1)).await.unwrap(), None);
    }

    async fn a_long_log_is_read_from_the_database(store: Store) {
        let mut up_to = Revision(0);
        let puts = (0..2200).map(|number| write_numbered(&store, number));
        futures::future::join_all(puts).await;
        let mut seen = Vec::new();
        while up_to < store.revision() {
            let Changes::Events { events, up_to: next } = store.changes(up_to, 150).await.unwrap() else { panic!("compacted") };
            seen.extend(events.iter().map(|event| event.revision.0));
            up_to = next;
        }
        assert_eq!(seen, (1..=2200).collect::<Vec<u64>>());
    }

    async fn subscribers_hear_of_new_revisions(store: Store) {
        let mut revisions = store.subscribe();
        write(&store, &component("a"), json!({})).await;
        revisions.changed().await.unwrap();
        assert_eq!(*revisions.borrow(), Revision(1));
    }
}

async fn write_numbered(store: &Store, number: usize) {
    write(store, &component(&format!("c{number}")), json!({})).await;
}

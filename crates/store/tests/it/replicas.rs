//! Several stores on one database behave as one.

use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use serde_json::json;
use sqlx::{Connection as _, PgConnection, PgTransaction};

use model::{Facet, Revision};
use store::{Changes, Config, Error, Query, Store, Within};
use testkit::{postgres::Database, until};

use crate::{backend, samples::*};

const DEADLINE: Duration = Duration::from_secs(30);

/// Stores on one database, as the replicas of the control plane have them.
struct Replicas {
    stores: Vec<Store>,
    database: Database,
}

impl Replicas {
    async fn start(number: usize) -> Self {
        let database = Database::create();
        let stores = join_all((0..number).map(|_| Store::open(backend::at(database.url())))).await;
        Self {
            stores: stores.into_iter().map(Result::unwrap).collect(),
            database,
        }
    }

    /// A connection beside the stores.
    async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.database.url()).await.unwrap()
    }
}

/// The revision and name of every change after `after` that the store tells of now.
async fn changes(store: &Store, mut after: Revision) -> (Vec<(u64, String)>, Revision) {
    let mut seen = Vec::new();
    loop {
        let Changes::Events { events, up_to } = store.changes(after, 50).await.unwrap() else {
            panic!("compacted");
        };
        let end = events.is_empty();
        seen.extend(
            events
                .iter()
                .map(|event| (event.revision.0, event.object.key.name.clone())),
        );
        after = up_to;
        if end {
            return (seen, up_to);
        }
    }
}

/// Creates `number` objects through a store, several at a time.
async fn create(store: &Store, prefix: &str, number: usize) {
    let writes = (0..number).map(|number| async move {
        let key = component(&format!("{prefix}-{number}"));
        write(store, &key, json!({"x": 1})).await
    });
    join_all(writes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_through_all_replicas_are_in_one_order() {
    let replicas = Replicas::start(3).await;
    let [a, b, c] = &replicas.stores[..] else {
        unreachable!()
    };
    tokio::join!(
        create(a, "a", 300),
        create(b, "b", 300),
        create(c, "c", 300)
    );
    look(a).await;
    let (seen, _) = changes(a, Revision(0)).await;
    let revisions: Vec<u64> = seen.iter().map(|(revision, _)| *revision).collect();
    assert_eq!(revisions, (1..=900).collect::<Vec<_>>());
    for store in &replicas.stores {
        look(store).await;
        assert_eq!(changes(store, Revision(0)).await.0, seen);
        for (revision, name) in seen.iter().step_by(90) {
            let found = store.find(&component(name)).await.unwrap().unwrap();
            let version = found.envelope.metadata.resource_version;
            assert_eq!(version, Some(Revision(*revision)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_of_one_replica_sees_every_change_of_all_once_and_in_order() {
    let replicas = Replicas::start(3).await;
    let [a, b, c] = &replicas.stores[..] else {
        unreachable!()
    };
    let watch = async {
        let (mut seen, mut after) = (Vec::new(), Revision(0));
        let mut changed = c.subscribe();
        while seen.len() < 600 {
            changed.mark_unchanged();
            let (more, up_to) = changes(c, after).await;
            if more.is_empty() {
                tokio::time::timeout(DEADLINE, changed.changed())
                    .await
                    .expect("a watcher hears of changes")
                    .unwrap();
            }
            seen.extend(more.into_iter().map(|(revision, _)| revision));
            after = up_to;
        }
        seen
    };
    let (seen, (), ()) = tokio::join!(watch, create(a, "a", 300), create(b, "b", 300));
    assert_eq!(seen, (1..=600).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_replica_answered_every_replica_reads() {
    let replicas = Replicas::start(3).await;
    let everything = Query::all(model::KindName::Workload, Within::AllNamespaces);
    for round in 0..60 {
        let (writer, reader) = (
            &replicas.stores[round % 3],
            &replicas.stores[(round + 1) % 3],
        );
        let written = write(writer, &workload("w"), json!({"of": "web", "x": round})).await;
        let found = reader.find(&workload("w")).await.unwrap();
        let many = reader.load_many(&[workload("w")]).await.unwrap();
        let members = reader.by_index(&workloads_of("web")).await.unwrap();
        let page = reader.list(&everything).await.unwrap();
        let read = [
            found.as_ref(),
            many[0].as_ref(),
            members.objects.first(),
            page.items.first(),
        ];
        for read in read {
            assert_eq!(read.unwrap().envelope, written.envelope);
        }
        assert_eq!(page.revision.0, round as u64 + 1);
    }
    delete(&replicas.stores[0], &workload("w")).await;
    for store in &replicas.stores {
        assert!(store.find(&workload("w")).await.unwrap().is_none());
        let members = store.by_index(&workloads_of("web")).await.unwrap();
        assert!(members.objects.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_members_of_an_index_are_never_older_than_its_mark() {
    let replicas = Replicas::start(2).await;
    let [a, b] = &replicas.stores[..] else {
        unreachable!()
    };
    let key = workload("w");
    write(a, &key, json!({"of": "web", "x": 0})).await;
    let owner = component("reader");
    write(b, &owner, json!({})).await;
    let writer = async {
        for round in 1..200 {
            write(a, &key, json!({"of": "web", "x": round})).await;
        }
    };
    let reader = async {
        for _ in 0..200 {
            let members = b.by_index(&workloads_of("web")).await.unwrap();
            let read = store::Read {
                target: store::ReadTarget::Index(workloads_of("web"), Facet::Spec),
                seen: members.seen(Facet::Spec),
            };
            let committed = b.commit(decision(&owner, vec![read])).await;
            // If the mark was that of the present, so were the members.
            if let Ok(committed) = committed {
                look(b).await;
                let version = members.objects[0].envelope.metadata.resource_version;
                let (later, _) = changes(b, version.unwrap()).await;
                let moved = later
                    .iter()
                    .find(|(revision, name)| name == "w" && *revision <= committed.revision.0);
                assert_eq!(moved, None, "a decision was made on {version:?}");
            }
        }
    };
    // Others fill memory with what they find meanwhile.
    let others = join_all((0..4).map(|_| async {
        for _ in 0..400 {
            b.find(&key).await.unwrap();
        }
    }));
    tokio::join!(writer, reader, others);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_fails_if_another_replica_moved_what_it_read() {
    let replicas = Replicas::start(2).await;
    let [a, b] = &replicas.stores[..] else {
        unreachable!()
    };
    let (owner, key) = (component("owner"), workload("w"));
    write(a, &owner, json!({})).await;
    write(a, &key, json!({"of": "web"})).await;
    let reads = async || {
        vec![
            read(b, &key, Facet::Spec).await,
            read_index(b, &workloads_of("web"), Facet::Spec).await,
        ]
    };
    let stale = reads().await;
    write(a, &key, json!({"of": "web", "x": 2})).await;
    let refused = b.commit(decision(&owner, stale)).await;
    assert!(matches!(refused, Err(Error::ReadMoved(_))), "{refused:?}");
    b.commit(decision(&owner, reads().await)).await.unwrap();
    settle(a).await;
    write(a, &key, json!({"of": "web", "x": 3})).await;
    assert_eq!(woken(b).await, ["owner", "w"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wake_is_claimed_by_one_replica() {
    let replicas = Replicas::start(3).await;
    create(&replicas.stores[0], "n", 300).await;
    let claims = replicas.stores.iter().map(|store| async {
        let mut claimed = Vec::new();
        loop {
            let wakes = store.claim_wakes(7, at(100)).await.unwrap();
            if wakes.is_empty() {
                return claimed;
            }
            claimed.extend(wakes.into_iter().map(|wake| wake.object.name));
        }
    });
    let claimed: Vec<String> = join_all(claims).await.into_iter().flatten().collect();
    let different: BTreeSet<&String> = claimed.iter().collect();
    // A wake that another replica was claiming was passed over, and may be left for the next look.
    let left = claim(&replicas.stores[0]).await;
    assert_eq!(
        (claimed.len(), different.len() + left.len()),
        (different.len(), 300)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_claims_of_a_lost_replica_come_back_after_their_lease() {
    let mut replicas = Replicas::start(2).await;
    write(&replicas.stores[0], &component("a"), json!({})).await;
    let claimed = claim(&replicas.stores[0]).await;
    drop(replicas.stores.remove(0));
    let store = &replicas.stores[0];
    assert!(claim(store).await.is_empty());
    let lease = Config::default().claim_lease;
    assert_eq!(store.next_wake().await.unwrap(), Some(at(100) + lease));
    let again = store.claim_wakes(1, at(100) + lease).await.unwrap();
    assert_eq!(again[0].object, claimed[0].object);
    let newcomer = Store::open(backend::at(replicas.database.url()))
        .await
        .unwrap();
    assert!(
        claim(&newcomer).await.is_empty(),
        "a start leaves the claims of others alone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn claiming_waits_for_no_writer() {
    let replicas = Replicas::start(1).await;
    let store = &replicas.stores[0];
    create(store, "n", 2).await;
    let mut connection = replicas.connection().await;
    let mut writer: PgTransaction<'_> = connection.begin().await.unwrap();
    for held in [
        "SELECT 1 FROM meta FOR UPDATE",
        "SELECT 1 FROM wakes WHERE object LIKE '%n-0' FOR UPDATE",
    ] {
        sqlx::query(held).execute(&mut *writer).await.unwrap();
    }
    let wakes = tokio::time::timeout(DEADLINE, claim(store)).await.unwrap();
    assert_eq!(wakes.len(), 1);
    assert_eq!(wakes[0].object, component("n-1"));
    writer.rollback().await.unwrap();
    assert_eq!(claim(store).await[0].object, component("n-0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn deciders_of_all_replicas_hear_of_wakes() {
    let replicas = Replicas::start(2).await;
    let [a, b] = &replicas.stores[..] else {
        unreachable!()
    };
    let mut heard = b.subscribe_wakes();
    write(a, &component("a"), json!({})).await;
    tokio::time::timeout(DEADLINE, heard.changed())
        .await
        .unwrap()
        .unwrap();
    let wake = claim(b).await.remove(0);
    let mut heard = a.subscribe_wakes();
    b.release_wake(&wake, at(50)).await.unwrap();
    tokio::time::timeout(DEADLINE, heard.changed())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compaction_by_one_replica_makes_watchers_of_another_list_again() {
    let replicas = Replicas::start(1).await;
    let a = &replicas.stores[0];
    create(a, "n", 10).await;
    let b = Store::open(backend::at(replicas.database.url()))
        .await
        .unwrap();
    assert_eq!(changes(&b, Revision(0)).await.0.len(), 10);
    assert_eq!(a.compact(Revision(6)).await.unwrap(), 6);
    let behind = b.changes(Revision(5), 10).await.unwrap();
    assert!(
        matches!(
            behind,
            Changes::Compacted {
                oldest: Revision(6)
            }
        ),
        "{behind:?}"
    );
    assert_eq!(changes(&b, Revision(6)).await.0.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_falls_far_behind_forgets_rather_than_errs() {
    let replicas = Replicas::start(2).await;
    let [a, b] = &replicas.stores[..] else {
        unreachable!()
    };
    write(a, &component("first"), json!({})).await;
    assert!(b.find(&component("first")).await.unwrap().is_some());
    // As another replica writes it, with more than what is worth reading, and unsaid.
    replicas.database.sql(
        "INSERT INTO changes SELECT n, object, change, at, actor, request_id, trace, metadata, spec, \
         status, entries FROM changes, generate_series(2, 3000) AS n WHERE revision = 1; \
         DELETE FROM objects; UPDATE meta SET revision = 3000",
    );
    assert!(b.find(&component("first")).await.unwrap().is_none());
    assert_eq!(b.revision(), Revision(3000));
    assert_eq!(changes(b, Revision(0)).await.0.len(), 3000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_incarnation_is_known_to_all_replicas() {
    let replicas = Replicas::start(2).await;
    let raised = replicas.stores[0].raise_incarnation(6).await.unwrap();
    until("the other replica knows", DEADLINE, async || {
        (replicas.stores[1].incarnation() == raised).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_hides_no_change_from_watchers() {
    let replicas = Replicas::start(2).await;
    let [a, b] = &replicas.stores[..] else {
        unreachable!()
    };
    for round in 0..5 {
        replicas.database.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND query ILIKE 'LISTEN%'",
        );
        create(a, &format!("r{round}"), 10).await;
        let newest = Revision((round + 1) * 10);
        let mut heard = b.subscribe();
        let heard = heard.wait_for(|known| *known >= newest);
        tokio::time::timeout(DEADLINE, heard)
            .await
            .unwrap()
            .unwrap();
    }
    assert_eq!(changes(b, Revision(0)).await.0.len(), 50);
}

use std::time::Duration;

use tokio::sync::watch;

use cluster::{Election, Error, Fence, Term};

use crate::{config_map, connect, site};

const LEASE: Duration = Duration::from_secs(2);

async fn leads(term: &mut watch::Receiver<Term>) {
    tokio::time::timeout(crate::DEADLINE, term.wait_for(Term::leads))
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn of_two_replicas_one_leads_and_the_other_follows_it() {
    let (cluster, namespace) = site().await;
    let (mut first, mut first_term) =
        Election::new(cluster.clone(), &namespace, "agent", "first", LEASE);
    let (mut second, mut second_term) =
        Election::new(cluster.clone(), &namespace, "agent", "second", LEASE);
    let fenced = connect(Fence::by(second_term.clone())).await;
    let write = async || {
        fenced
            .apply(&config_map(&namespace, "a", "1"), cluster::Force::Yes)
            .await
    };
    assert!(matches!(write().await.unwrap_err(), Error::Fenced));

    tokio::select! {
        () = first.run() => unreachable!("it runs until dropped"),
        () = leads(&mut first_term) => {}
    }
    // The first dies without a word; its lease must run out before the second writes.
    let begun = tokio::time::Instant::now();
    tokio::select! {
        () = second.run() => unreachable!("it runs until dropped"),
        () = leads(&mut second_term) => {}
    }
    assert!(begun.elapsed() >= LEASE, "{:?}", begun.elapsed());
    assert!(
        !first_term.borrow().leads(),
        "the first has stopped before the second began"
    );
    write().await.unwrap();

    // Given back, it is taken at once.
    second.release().await;
    assert!(matches!(write().await.unwrap_err(), Error::Fenced));
    let begun = tokio::time::Instant::now();
    tokio::select! {
        () = first.run() => unreachable!("it runs until dropped"),
        () = leads(&mut first_term) => {}
    }
    assert!(begun.elapsed() < LEASE);
}

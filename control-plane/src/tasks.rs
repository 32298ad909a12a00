//! The tasks of the control plane: names, what wakes them, what their end means.

use std::{sync::Arc, time::Duration};

use kit::{TaskSpec, Tasks, wake::Wake};
use store::Store;

use crate::{
    link_service::Service,
    publish::{self, Changes, Signer},
    wake::Worker,
};

/// The wakes of the control plane.
pub(crate) struct Wakes {
    /// Something is to be decided.
    pub(crate) decide: Wake,
    /// A plane has come.
    pub(crate) presence: Wake,
}

impl Wakes {
    pub(crate) fn new() -> Self {
        Self {
            decide: Wake::new("decide", Duration::from_secs(30)),
            // That a plane has gone is noticed by looking.
            presence: Wake::new("presence", Duration::from_secs(5)),
        }
    }
}

/// What the tasks work with.
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) worker: Worker,
    pub(crate) service: Service,
    pub(crate) changes: Changes,
    pub(crate) signer: Arc<Signer>,
    pub(crate) hub: tokio::sync::watch::Receiver<Option<bus::Bus>>,
}

pub(crate) fn spawn(tasks: &Tasks, wakes: &Wakes, parts: Parts) {
    let Parts {
        store,
        worker,
        service,
        changes,
        signer,
        hub,
    } = parts;
    let worker = Arc::new(worker);
    tasks.spawn_loop(&wakes.decide, move || {
        let worker = Arc::clone(&worker);
        async move { worker.run().await }
    });
    let (decide, mut woken) = (wakes.decide.clone(), store.subscribe_wakes());
    tasks.spawn_once("wakes", move |shutdown| async move {
        while shutdown
            .unless(woken.changed())
            .await
            .is_some_and(|changed| changed.is_ok())
        {
            decide.notify();
        }
    });
    let service = Arc::new(service);
    let watching = Arc::clone(&service);
    tasks.spawn_loop(&wakes.presence, move || {
        let service = Arc::clone(&watching);
        async move { service.show_presence().await }
    });
    tasks.spawn(TaskSpec::restarting("link"), move |shutdown| {
        let service = Arc::clone(&service);
        async move { service.run(&shutdown).await }
    });
    let published = store.clone();
    tasks.spawn_once("publish", move |shutdown| async move {
        shutdown
            .unless(publish::run(changes, published, signer, hub))
            .await;
    });
    tasks.spawn_once("database", move |shutdown| async move {
        shutdown.unless(store.writer_ended()).await;
    });
}

//! Wiring: what is made of what, in the order of the flow.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_stream::wrappers::TcpListenerStream;

use bus::server::{self, HubKeys};
use kit::{StartError, Tasks};
use store::Store;

use crate::{
    authenticate::Authenticator,
    bootstrap,
    commit::Committer,
    config::Config,
    identity::Registry,
    ingress::{Gate, Ingress},
    link_service::{self, Connections, Service},
    policy::Policies,
    publish::{self, Signer},
    tasks::{self, Parts, Wakes},
    wake::Worker,
};

/// Starts the control plane.
///
/// # Errors
/// When the configuration cannot be used: keys, database, address.
pub async fn start(config: Config, tasks: &Tasks) -> Result<(), StartError> {
    let clock = kit::Clock::system();
    let wakes = Wakes::new();
    let store = Store::open(config.store()?).await?;
    let keys = Arc::new(HubKeys::load_or_create(&config.link.keys)?);
    write_server_config(&config, &keys)?;
    let signing = link_service::signing_keys(&config.link.keys)?;
    let signer = Arc::new(Signer::new(store.hub().to_owned(), signing));
    bootstrap::install(&store, clock.now()).await?;
    let policies = Policies::load(store.clone()).await?;
    let gate = Gate::new(Authenticator::new(&config.auth)?, policies);
    let registry = Registry::new(store.clone(), clock.clone());
    for token in &config.link.join_tokens {
        let secret = token.token.load()?;
        let text = kit::config::ExposeSecret::expose_secret(&secret)
            .trim()
            .to_owned();
        registry.admit_token(token.plane.parse()?, &text).await?;
    }
    let (hub, hub_seen) = watch::channel(None);
    let (system, system_seen) = watch::channel(None);
    let connections = Connections {
        system: system_seen,
    };
    let (publisher, changes) = publish::channel();
    let committer = Committer::new(store.clone(), compile::Compiler::new(), clock.clone());
    let publish = Arc::new(move |planes| publisher.publish(planes));
    let worker = Worker::new(
        config.wake.clone(),
        store.clone(),
        committer,
        clock.clone(),
        publish,
    );
    let service = Service {
        config: config.link.clone(),
        store: store.clone(),
        signer: Arc::clone(&signer),
        clock: clock.clone(),
        keys,
        registry: registry.clone(),
        presence: wakes.presence.clone(),
        hub,
        system,
    };
    let ingress = Ingress::new(
        &config.ingress,
        store.clone(),
        gate,
        (clock, tasks.shutdown()),
        registry,
        connections,
    );
    let listener = kit::listen::bind("gRPC", config.ingress.listen).await?;
    tasks::spawn(
        tasks,
        &wakes,
        Parts {
            store,
            worker,
            service,
            changes,
            signer,
            hub: hub_seen,
        },
    );
    wakes.decide.notify();
    let server = ingress.services();
    tasks.spawn_once("grpc", move |shutdown| async move {
        server
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async move {
                shutdown.soft().await;
            })
            .await
    });
    Ok(())
}

/// Writes the configuration of a NATS server that fits the keys, where that is asked for.
fn write_server_config(config: &Config, keys: &HubKeys) -> Result<(), StartError> {
    let path = &config.link.server_config;
    if !path.as_os_str().is_empty() {
        let tls = config.link.server_tls();
        let text = server::config(config.link.server_listen, tls.as_ref(), keys)?;
        bus::keys::write_private(path, text.as_bytes())?;
    }
    Ok(())
}

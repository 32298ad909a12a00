//! One watch per kind, reduced at once: what the rest of the agent keeps of an object is what `reduce` makes of it.

use std::{sync::Arc, time::Duration};

use futures::{Stream, StreamExt, stream::BoxStream};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api,
    api::{ApiResource, DynamicObject},
    core::{DynamicResourceScope, Resource},
    runtime::watcher,
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio_stream::StreamMap;

use crate::{ApiKind, Cluster, Error, ObjectId};

/// Which objects of a kind are watched: those that carry these labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection(pub String);

/// What a watch says, in the terms of `reduce`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<T> {
    /// The objects of the kind will be listed: what is not among them until [`Self::Listed`] is gone.
    Listing(Arc<ApiKind>),
    /// An object is there or has changed.
    Put(ObjectId, T),
    /// An object is gone, or has lost the labels.
    Gone {
        /// Its name.
        id: ObjectId,
        /// The life that ended.
        uid: String,
    },
    /// The list of the kind is complete.
    Listed(Arc<ApiKind>),
    /// The watch of the kind does not work now; it is tried again.
    Failed(Arc<ApiKind>, Error),
}

/// The watches of an agent: as many as there are kinds to watch.
pub struct Informers<T> {
    cluster: Cluster,
    selection: Selection,
    reduce: Arc<dyn Fn(&Value) -> T + Send + Sync>,
}

impl<T> std::fmt::Debug for Informers<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Informers")
            .field("selection", &self.selection)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Informers<T> {
    /// Watches of objects that are `selected`, each reduced by `reduce` when it arrives.
    pub fn new(
        cluster: Cluster,
        selection: Selection,
        reduce: impl Fn(&Value) -> T + Send + Sync + 'static,
    ) -> Self {
        Self {
            cluster,
            selection,
            reduce: Arc::new(reduce),
        }
    }

    /// Watches the kinds in `kinds`, which may change at any time, until one of the two ends is dropped.
    pub async fn run(
        &self,
        mut kinds: watch::Receiver<Arc<Vec<Arc<ApiKind>>>>,
        events: mpsc::Sender<Event<T>>,
    ) {
        let mut streams: StreamMap<Arc<ApiKind>, BoxStream<'static, Event<T>>> = StreamMap::new();
        loop {
            self.adjust(&mut streams, &kinds.borrow_and_update());
            let event = tokio::select! {
                changed = kinds.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return,
                },
                Some((_, event)) = streams.next(), if !streams.is_empty() => event,
            };
            if events.send(event).await.is_err() {
                return;
            }
        }
    }

    fn adjust(
        &self,
        streams: &mut StreamMap<Arc<ApiKind>, BoxStream<'static, Event<T>>>,
        wanted: &[Arc<ApiKind>],
    ) {
        let present: Vec<Arc<ApiKind>> = streams.keys().cloned().collect();
        for kind in present.iter().filter(|kind| !wanted.contains(kind)) {
            streams.remove(kind);
        }
        for kind in wanted.iter().filter(|kind| !present.contains(kind)) {
            streams.insert(kind.clone(), self.watch(kind.clone()).boxed());
        }
    }

    /// The endless stream of one kind: discovery, list, watch, and all again with a delay after a failure.
    fn watch(&self, kind: Arc<ApiKind>) -> impl Stream<Item = Event<T>> + Send + use<T> {
        let one = One {
            cluster: self.cluster.clone(),
            selection: self.selection.clone(),
            reduce: self.reduce.clone(),
            kind,
            stream: None,
            delay: Duration::ZERO,
        };
        futures::stream::unfold(one, |mut one| async {
            let event = one.next().await;
            Some((event, one))
        })
    }
}

const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(10);

type Raw = watcher::Result<watcher::Event<Live>>;

struct One<T> {
    cluster: Cluster,
    selection: Selection,
    reduce: Arc<dyn Fn(&Value) -> T + Send + Sync>,
    kind: Arc<ApiKind>,
    stream: Option<BoxStream<'static, Raw>>,
    delay: Duration,
}

impl<T> One<T> {
    async fn next(&mut self) -> Event<T> {
        loop {
            let Some(stream) = &mut self.stream else {
                tokio::time::sleep(self.delay).await;
                match self.cluster.discover(&self.kind).await {
                    Ok(api) => self.stream = Some(self.start(&api.resource)),
                    Err(error) => return self.failed(error),
                }
                continue;
            };
            match stream.next().await {
                Some(Ok(event)) => {
                    self.delay = Duration::ZERO;
                    if let Some(event) = self.translate(event) {
                        return event;
                    }
                }
                Some(Err(error)) => {
                    let error = watch_error(&self.kind, error);
                    if matches!(error, Error::NotFound { .. }) {
                        // The definition was removed, perhaps to come back under another plural.
                        self.cluster.0.discovery.forget(&self.kind.group);
                        self.stream = None;
                        return self.failed(Error::UnknownApi((*self.kind).clone()));
                    }
                    let event = self.failed(error);
                    tokio::time::sleep(self.delay).await;
                    return event;
                }
                None => self.stream = None,
            }
        }
    }

    fn start(&self, resource: &ApiResource) -> BoxStream<'static, Raw> {
        let api: Api<Live> = Api::all_with(self.cluster.0.client.clone(), resource);
        let config = watcher::Config::default()
            .labels(&self.selection.0)
            .page_size(50);
        watcher::watcher(api, config).boxed()
    }

    fn failed(&mut self, error: Error) -> Event<T> {
        self.delay = (self.delay * 2).clamp(FIRST_DELAY, LONGEST_DELAY);
        Event::Failed(self.kind.clone(), error)
    }

    fn translate(&self, event: watcher::Event<Live>) -> Option<Event<T>> {
        match event {
            watcher::Event::Init => Some(Event::Listing(self.kind.clone())),
            watcher::Event::InitDone => Some(Event::Listed(self.kind.clone())),
            watcher::Event::Apply(live) | watcher::Event::InitApply(live) => {
                Some(Event::Put(self.id(&live)?, (self.reduce)(&live.value)))
            }
            watcher::Event::Delete(live) => Some(Event::Gone {
                id: self.id(&live)?,
                uid: live.meta.uid.unwrap_or_default(),
            }),
        }
    }

    fn id(&self, live: &Live) -> Option<ObjectId> {
        let (namespace, name) = (live.meta.namespace.clone(), live.meta.name.clone()?);
        Some(ObjectId {
            kind: self.kind.clone(),
            namespace,
            name,
        })
    }
}

fn watch_error(kind: &ApiKind, error: watcher::Error) -> Error {
    let what = kind.to_string();
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => {
            crate::error::classify(&what, kind.kind == "Secret", error)
        }
        watcher::Error::WatchError(status) => {
            crate::error::classify(&what, kind.kind == "Secret", kube::Error::Api(status))
        }
        watcher::Error::NoResourceVersion => Error::answer(what, "the list has no resourceVersion"),
    }
}

/// A live object as JSON, with as much metadata as the watch needs.
#[derive(Debug, Clone)]
struct Live {
    value: Value,
    meta: ObjectMeta,
}

impl<'de> Deserialize<'de> for Live {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let text = |name: &str| {
            let found = value
                .get("metadata")
                .and_then(|it| it.get(name))
                .and_then(Value::as_str);
            found.map(str::to_owned)
        };
        let meta = ObjectMeta {
            name: text("name"),
            namespace: text("namespace"),
            uid: text("uid"),
            resource_version: text("resourceVersion"),
            ..ObjectMeta::default()
        };
        Ok(Self { value, meta })
    }
}

impl Resource for Live {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &ApiResource) -> std::borrow::Cow<'_, str> {
        DynamicObject::kind(resource)
    }

    fn group(resource: &ApiResource) -> std::borrow::Cow<'_, str> {
        DynamicObject::group(resource)
    }

    fn version(resource: &ApiResource) -> std::borrow::Cow<'_, str> {
        DynamicObject::version(resource)
    }

    fn plural(resource: &ApiResource) -> std::borrow::Cow<'_, str> {
        DynamicObject::plural(resource)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}

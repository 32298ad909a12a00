use super::*;

fn id(name: &str) -> ObjectId {
    let kind = Arc::new(ApiKind::new("apps", "v1", "Deployment"));
    ObjectId {
        kind,
        namespace: Some("n".into()),
        name: name.into(),
    }
}

fn live(uid: &str, version: u64) -> Live {
    Live::of(&json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "a", "namespace": "n", "uid": uid, "resourceVersion": version.to_string()},
    }))
}

fn version(cache: &Cache, name: &str) -> Option<String> {
    match cache.sight(&id(name)) {
        Sight::Present(live) => Some(live.version.to_string()),
        Sight::Absent | Sight::Unseen => None,
    }
}

#[test]
fn an_old_event_does_not_undo_what_was_written_since() {
    let mut cache = Cache::default();
    cache.put(id("a"), live("u", 7));
    assert_eq!(
        cache.take(Event::Put(id("a"), live("u", 6))),
        Touched::default()
    );
    assert_eq!(version(&cache, "a").unwrap(), "7");
    cache.take(Event::Gone {
        id: id("a"),
        uid: "earlier".into(),
    });
    assert_eq!(version(&cache, "a").unwrap(), "7");
    cache.take(Event::Put(id("a"), live("another life", 3)));
    assert_eq!(version(&cache, "a").unwrap(), "3");
}

#[test]
fn what_a_new_list_does_not_name_is_gone() {
    let mut cache = Cache::default();
    let kind = id("a").kind;
    assert_eq!(cache.sight(&id("a")), Sight::Unseen);
    cache.take(Event::Listing(kind.clone()));
    for name in ["a", "b"] {
        cache.take(Event::Put(id(name), live("u", 1)));
    }
    assert_eq!(
        cache.take(Event::Listed(kind.clone())).settled,
        Some(kind.clone())
    );
    cache.take(Event::Listing(kind.clone()));
    cache.take(Event::Put(id("b"), live("u", 1)));
    let touched = cache.take(Event::Listed(kind));
    assert_eq!(touched.objects, [(id("a"), None)]);
    assert_eq!(touched.settled, None);
    assert_eq!((cache.sight(&id("a")), cache.len()), (Sight::Absent, 1));
}

#[test]
fn objects_of_a_kind_that_is_not_served_any_more_are_gone() {
    let mut cache = Cache::default();
    cache.put(id("a"), live("u", 1));
    let error = cluster::Error::UnknownApi((*id("a").kind).clone());
    let touched = cache.take(Event::Failed(id("a").kind, error));
    assert_eq!(touched.objects.len(), 1);
    assert_eq!(cache.sight(&id("a")), Sight::Absent);
}

#[test]
fn the_status_of_a_workflow_is_reduced_to_what_is_shown() {
    let pod = json!({"type": "Pod", "name": "w[0].build", "phase": "Running", "templateName": "x", "inputs": {}});
    let object = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {}, "status": {
        "phase": "Running", "storedTemplates": {"x": 1}, "nodes": {"a": pod, "b": {"type": "Steps"}}}});
    let status: Value = serde_json::from_str(&Live::of(&object).status.unwrap()).unwrap();
    assert_eq!(
        status,
        json!({"phase": "Running", "nodes": {
        "a": {"type": "Pod", "name": "w[0].build", "phase": "Running"}}})
    );
    let many: serde_json::Map<String, Value> = (0..1000)
        .map(|index| {
            (
                format!("n{index}"),
                json!({"type": "Pod", "message": "x".repeat(100)}),
            )
        })
        .collect();
    let object = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {},
                        "status": {"nodes": many}});
    let status = Live::of(&object).status.unwrap();
    assert!(status.len() < LARGEST_STATUS + 100 && status.contains("truncated"));
}

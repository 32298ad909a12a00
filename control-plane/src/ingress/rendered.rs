//! RenderedRelease: a projection of head, bundle and report. It is never stored.

use tonic::Status;

use model::{
    Bundle, Condition, ConditionStatus, Conditions, Envelope, Head, KindName, ObjectKey,
    ObjectMeta, RawJson, StatusReport, Stored, Target, UnitPhase,
    kinds::{
        ProjectReleaseBinding, ReleaseBinding, RenderedRelease,
        rendered_release::{
            RenderedObject, RenderedObjectStatus, RenderedReleaseOwner, RenderedReleaseStatus,
        },
        template::TargetPlane,
    },
    label, name,
};
use store::{Query, Store, Within};

use super::{internal, status};
use crate::decide::unit_of;

/// The projection of this name.
pub(super) async fn find(store: &Store, key: &ObjectKey) -> Result<Option<Envelope>, Status> {
    let namespace = key.namespace.as_deref().unwrap_or_default();
    let binding = ObjectKey::namespaced(KindName::ReleaseBinding, namespace, &key.name);
    if let Some(binding) = store.find(&binding).await.map_err(|error| status(&error))? {
        return of_binding(store, &binding).await;
    }
    let all = list(store, namespace).await?;
    Ok(all
        .into_iter()
        .find(|envelope| envelope.key.name == key.name))
}

/// The projections of a namespace; all of them for an empty one.
pub(super) async fn list(store: &Store, namespace: &str) -> Result<Vec<Envelope>, Status> {
    let within = match namespace {
        "" => Within::AllNamespaces,
        namespace => Within::Namespace(namespace.to_owned()),
    };
    let mut all = Vec::new();
    for kind in [KindName::ReleaseBinding, KindName::ProjectReleaseBinding] {
        let page = store
            .list(&Query::all(kind, within.clone()))
            .await
            .map_err(|error| status(&error))?;
        for binding in page.items {
            all.extend(of_binding(store, &binding).await?);
        }
    }
    Ok(all)
}

async fn of_binding(store: &Store, binding: &Stored) -> Result<Option<Envelope>, Status> {
    let key = &binding.envelope.key;
    let unit = unit_of(key);
    let heads = store
        .find_heads(&unit)
        .await
        .map_err(|error| status(&error))?;
    let Some(head) = heads.live() else {
        return Ok(None);
    };
    let Target::Bundle(digest) = head.target else {
        return Ok(None);
    };
    let blob = store
        .bundle(&digest)
        .await
        .map_err(|error| status(&error))?;
    let Some(blob) = blob else { return Ok(None) };
    let text = zstd::decode_all(blob.data.as_slice()).map_err(|error| internal(&error))?;
    let bundle: Bundle = serde_json::from_slice(&text).map_err(|error| internal(&error))?;
    let reports = store
        .find_reports(&unit)
        .await
        .map_err(|error| status(&error))?;
    let report = reports.of(&head.plane).map(|report| &**report);
    project(binding, &bundle, head, report)
        .map_err(|error| internal(&error))
        .map(Some)
}

fn project(
    binding: &Stored,
    bundle: &Bundle,
    head: &Head,
    report: Option<&StatusReport>,
) -> Result<Envelope, serde_json::Error> {
    let envelope = &binding.envelope;
    let (name, owner, environment) = if envelope.key.kind == KindName::ReleaseBinding {
        let spec = envelope.spec::<ReleaseBinding>()?;
        let owner = RenderedReleaseOwner {
            project_name: spec.owner.project_name,
            component_name: Some(spec.owner.component_name),
            resource_name: None,
        };
        (envelope.key.name.clone(), owner, spec.environment)
    } else {
        let spec = envelope.spec::<ProjectReleaseBinding>()?;
        let prefix = format!("p_{}", spec.owner.project_name);
        let name = name::generate(&[&prefix, &spec.environment], name::MAX_NAME);
        let project_name = spec.owner.project_name;
        let owner = RenderedReleaseOwner {
            project_name,
            ..RenderedReleaseOwner::default()
        };
        (name, owner, spec.environment)
    };
    let namespace = envelope.key.namespace.as_deref().unwrap_or_default();
    let mut metadata = ObjectMeta::named(Some(namespace), &name);
    metadata
        .labels
        .insert(label::NAMESPACE.to_owned(), namespace.to_owned());
    metadata
        .labels
        .insert(label::PROJECT.to_owned(), owner.project_name.clone());
    metadata
        .labels
        .insert(label::ENVIRONMENT.to_owned(), environment.clone());
    if let Some(component) = &owner.component_name {
        metadata
            .labels
            .insert(label::COMPONENT.to_owned(), component.clone());
    }
    metadata.resource_version = envelope.metadata.resource_version;
    metadata.creation_timestamp = envelope.metadata.creation_timestamp;
    let resources = bundle.objects.iter();
    let spec = RenderedRelease {
        owner,
        environment_name: environment,
        target_plane: TargetPlane::DataPlane,
        resources: resources
            .map(|entry| RenderedObject {
                id: entry.id.clone(),
                object: entry.object.clone(),
            })
            .collect(),
        interval: None,
        progressing_interval: None,
    };
    Ok(Envelope {
        key: ObjectKey::namespaced(KindName::RenderedRelease, namespace, &name),
        metadata,
        spec: RawJson::of(&spec),
        status: RawJson::of(&status_of(head, report)),
    })
}

fn status_of(head: &Head, report: Option<&StatusReport>) -> RenderedReleaseStatus {
    let Some(report) = report.filter(|report| report.target == head.target) else {
        return RenderedReleaseStatus::default();
    };
    let (status, reason, message) = match report.phase {
        UnitPhase::Applied => (
            ConditionStatus::True,
            "ApplySucceeded",
            "All resources applied successfully".to_owned(),
        ),
        UnitPhase::Failed => (
            ConditionStatus::False,
            "ApplyFailed",
            report.message.clone(),
        ),
        UnitPhase::Applying | UnitPhase::Deleting | UnitPhase::Deleted => {
            (ConditionStatus::Unknown, "Applying", report.message.clone())
        }
    };
    let observed = report.objects.iter().map(|object| object.observed_at).max();
    let mut conditions = Conditions::default();
    conditions.set(Condition {
        condition_type: "ResourcesApplied".to_owned(),
        status,
        reason: reason.to_owned(),
        message,
        last_transition_time: observed.unwrap_or_default(),
        observed_generation: 0,
    });
    let resources = report
        .objects
        .iter()
        .map(|object| RenderedObjectStatus {
            id: object.id.clone(),
            group: Some(object.group.clone()).filter(|group| !group.is_empty()),
            version: object.version.clone(),
            kind: object.kind.clone(),
            name: object.name.clone(),
            namespace: object.namespace.clone(),
            status: object.status.clone(),
            health_status: Some(format!("{:?}", object.health)),
            last_observed_time: Some(object.observed_at),
        })
        .collect();
    RenderedReleaseStatus {
        conditions,
        resources,
    }
}

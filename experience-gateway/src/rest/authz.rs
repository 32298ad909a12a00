//! What can be done, and who may: actions, questions, the caller's profile. The control plane answers.

use std::collections::HashMap;

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use model::Code;
use proto::resources::{
    Answer, Capability, CapabilityPlace, EvaluateRequest, ListActionsRequest, Place,
    ProfileRequest, Question, SubjectContext,
};

use crate::{caller::Caller, problem::Problem, upstream::Upstream};

/// `GET /api/v1/authz/actions`.
pub(super) async fn actions(
    State(upstream): State<Upstream>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let request = caller.request(ListActionsRequest {});
    let listed = upstream.access().list_actions(request).await?.into_inner();
    let action = |action: proto::resources::ActionInfo| {
        let mut info = json!({"name": action.name, "lowestScope": action.lowest_scope});
        let attributes = action.attributes.into_iter();
        let conditions: Vec<_> = attributes
            .map(|it| json!({"key": it.key, "description": it.description}))
            .collect();
        if !conditions.is_empty() {
            info["conditions"] = conditions.into();
        }
        info
    };
    Ok(Json(listed.actions.into_iter().map(action).collect()))
}

/// A question as the API has it.
#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    subject_context: Option<Subject>,
    #[serde(default)]
    resource: Resource,
    #[serde(default)]
    action: String,
    #[serde(default)]
    context: Context,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Subject {
    r#type: String,
    entitlement_claim: String,
    entitlement_values: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Resource {
    r#type: String,
    id: String,
    hierarchy: Hierarchy,
}

/// A place as the API has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Hierarchy {
    namespace: String,
    project: String,
    component: String,
    resource: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Context {
    resource: HashMap<String, Option<String>>,
}

/// `POST /api/v1/authz/evaluates`: answers in the order of the questions.
pub(super) async fn evaluates(
    State(upstream): State<Upstream>,
    caller: Caller,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let asked: Vec<Asked> = serde_json::from_slice(&body)
        .map_err(|error| Problem::new(Code::Invalid, format!("can't decode JSON body: {error}")))?;
    let request = EvaluateRequest {
        questions: asked.into_iter().map(Question::from).collect(),
    };
    let request = caller.request(request);
    let answered = upstream.access().evaluate(request).await?.into_inner();
    let decision =
        |answer: Answer| json!({"decision": answer.allowed, "context": {"reason": answer.reason}});
    Ok(Json(answered.answers.into_iter().map(decision).collect()))
}

impl From<Asked> for Question {
    fn from(asked: Asked) -> Self {
        let context = asked.context.resource.into_iter();
        Self {
            subject: asked.subject_context.map(|subject| SubjectContext {
                r#type: subject.r#type,
                claim: subject.entitlement_claim,
                values: subject.entitlement_values,
            }),
            resource_type: asked.resource.r#type,
            resource_id: asked.resource.id,
            place: Some(asked.resource.hierarchy.into()),
            action: asked.action,
            attributes: context
                .filter_map(|(field, value)| Some((field, value?)))
                .collect(),
        }
    }
}

impl From<Hierarchy> for Place {
    fn from(hierarchy: Hierarchy) -> Self {
        Self {
            namespace: hierarchy.namespace,
            project: hierarchy.project,
            component: hierarchy.component,
            resource: hierarchy.resource,
        }
    }
}

/// `GET /api/v1/authz/profile`: what the caller may do at a place, around it and below it.
pub(super) async fn profile(
    State(upstream): State<Upstream>,
    Query(place): Query<Hierarchy>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    place.check()?;
    let request = ProfileRequest {
        place: Some(place.into()),
    };
    let profile = upstream
        .access()
        .profile(caller.request(request))
        .await?
        .into_inner();
    let user = profile.subject.map(|subject| Subject {
        r#type: subject.r#type,
        entitlement_claim: subject.claim,
        entitlement_values: subject.values,
    });
    let mut capabilities: Vec<_> = profile.capabilities.into_iter().collect();
    capabilities.sort_by(|(left, _), (right, _)| left.cmp(right));
    let capabilities: Map<_, _> = capabilities
        .into_iter()
        .map(|(action, it)| (action, capability(it)))
        .collect();
    Ok(Json(json!({
        "user": user,
        "capabilities": capabilities,
        "evaluatedAt": profile.evaluated_at,
    })))
}

impl Hierarchy {
    fn check(&self) -> Result<(), Problem> {
        let (component, resource) = (!self.component.is_empty(), !self.resource.is_empty());
        let fault = match (component, resource) {
            (true, true) => "component and resource are mutually exclusive",
            (false, false) => return Ok(()),
            _ if self.project.is_empty() => "component and resource require project",
            _ => return Ok(()),
        };
        Err(Problem::new(Code::Invalid, fault))
    }
}

fn capability(capability: Capability) -> Value {
    let place = |place: CapabilityPlace| {
        let mut shown = json!({"path": place.path});
        if !place.expressions.is_empty() {
            shown["constraints"] = json!({"expressions": place.expressions});
        }
        shown
    };
    let places =
        |places: Vec<CapabilityPlace>| -> Value { places.into_iter().map(place).collect() };
    json!({"allowed": places(capability.allowed), "denied": places(capability.denied)})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_without_a_subject_is_about_the_caller() {
        let asked = json!([{
            "action": "component:view",
            "resource": {"type": "component", "hierarchy": {"namespace": "shop"}},
            "context": {"resource": {"environment": "shop/dev", "workflow": null}},
            "subjectContext": {"type": "user"},
        }]);
        let asked: Vec<Asked> = serde_json::from_value(asked).unwrap();
        let question = Question::from(asked.into_iter().next().unwrap());
        assert_eq!(question.subject, None);
        assert_eq!(question.place.unwrap().namespace, "shop");
        assert_eq!(question.attributes.len(), 1);
    }

    #[test]
    fn a_component_is_in_a_project() {
        let alone = Hierarchy {
            component: "cart".to_owned(),
            ..Hierarchy::default()
        };
        assert!(alone.check().is_err());
        let inside = Hierarchy {
            project: "shop".to_owned(),
            ..alone
        };
        assert!(inside.check().is_ok());
        let both = Hierarchy {
            resource: "queue".to_owned(),
            ..inside
        };
        assert!(both.check().is_err());
    }

    #[test]
    fn only_constrained_places_have_constraints() {
        let shown = capability(Capability {
            allowed: vec![CapabilityPlace {
                path: "*".to_owned(),
                expressions: Vec::new(),
            }],
            denied: vec![CapabilityPlace {
                path: "ns/shop".to_owned(),
                expressions: vec!["true".to_owned()],
            }],
        });
        let expected = json!({
            "allowed": [{"path": "*"}],
            "denied": [{"path": "ns/shop", "constraints": {"expressions": ["true"]}}],
        });
        assert_eq!(shown, expected);
    }
}

//! Who the caller is, and what the caller and others may do.

use tonic::{Request, Response, Status};

use authz::{
    Action, Attribute, Attributes, Decision, ScopePath, Subject, actions,
    evaluate::{self, Asked},
    profile,
};
use model::Code;
use proto::resources::{
    ActionAttribute, ActionInfo, Answer, Capability, CapabilityPlace, CheckRequest, CheckResponse,
    EvaluateRequest, EvaluateResponse, ListActionsRequest, ListActionsResponse, Place,
    ProfileRequest, ProfileResponse, Question, SubjectContext, WhoAmIRequest, WhoAmIResponse,
    access_server::Access,
};

use super::{Ingress, Visit, scope};

#[tonic::async_trait]
impl Access for Ingress {
    async fn who_am_i(
        &self,
        request: Request<WhoAmIRequest>,
    ) -> Result<Response<WhoAmIResponse>, Status> {
        let visit = self.enter(&request).await?;
        let subject = visit.subject();
        Ok(Response::new(WhoAmIResponse {
            subject: subject.name.clone(),
            subject_type: subject.kind.as_str().to_owned(),
        }))
    }

    async fn check(
        &self,
        request: Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, Status> {
        let visit = self.enter(&request).await?;
        let reason = refusal(&visit, request.into_inner());
        Ok(Response::new(CheckResponse {
            allowed: reason.is_none(),
            reason: reason.unwrap_or_default(),
        }))
    }

    async fn evaluate(
        &self,
        request: Request<EvaluateRequest>,
    ) -> Result<Response<EvaluateResponse>, Status> {
        let visit = self.enter(&request).await?;
        let invalid = |error: evaluate::Error| {
            proto::status::from_code(Code::Invalid, kit::chain(&error).to_string())
        };
        let questions = request.into_inner().questions.into_iter();
        let questions: Vec<_> = questions.map(question).collect();
        evaluate::check(&questions).map_err(invalid)?;
        let answer = |question| visit.policy().answer(visit.subject(), question);
        let answers: Vec<_> = questions
            .iter()
            .map(answer)
            .collect::<Result<_, _>>()
            .map_err(invalid)?;
        let answers = answers.into_iter().map(|answer| Answer {
            allowed: answer.allowed,
            reason: answer.reason,
        });
        Ok(Response::new(EvaluateResponse {
            answers: answers.collect(),
        }))
    }

    async fn profile(
        &self,
        request: Request<ProfileRequest>,
    ) -> Result<Response<ProfileResponse>, Status> {
        let visit = self.enter(&request).await?;
        let place = path(request.into_inner().place);
        let profile = visit.policy().profile(visit.subject(), &place);
        let capabilities = profile
            .into_iter()
            .map(|(action, it)| (action, capability(it)));
        Ok(Response::new(ProfileResponse {
            subject: Some(context(visit.subject())),
            capabilities: capabilities.collect(),
            evaluated_at: self.now().to_string(),
        }))
    }

    async fn list_actions(
        &self,
        request: Request<ListActionsRequest>,
    ) -> Result<Response<ListActionsResponse>, Status> {
        self.enter(&request).await?;
        let actions = actions::catalogue().iter().map(|known| ActionInfo {
            name: known.name.clone(),
            lowest_scope: known.lowest.as_str().to_owned(),
            attributes: known.attributes.iter().map(|it| attribute(*it)).collect(),
        });
        Ok(Response::new(ListActionsResponse {
            actions: actions.collect(),
        }))
    }
}

/// Why the caller may not do this to all that lies at a place; nothing if it may.
///
/// Whoever asks shows everything below the place, in every environment if it names none; so what is
/// denied to the caller in some part of it is not shown with the rest.
fn refusal(visit: &Visit, asked: CheckRequest) -> Option<String> {
    let action = Action::named(&asked.action);
    let all_environments =
        asked.environment.is_empty() && action.attributes().contains(&Attribute::Environment);
    let attributes = match asked.environment.as_str() {
        "" => Attributes::default(),
        name => scope::in_environment(&asked.namespace, name),
    };
    let path = ScopePath {
        namespace: asked.namespace,
        project: asked.project,
        component: asked.component,
        resource: asked.resource,
    };
    let reach = visit.reach(&action);
    match visit.decide(&action, &path, &attributes) {
        _ if all_environments && reach.decided(&path).is_none() => {
            Some("it depends on the environment: name one".to_owned())
        }
        Decision::Allowed(_) if reach.has_denials_below(&path) => {
            Some("part of it is denied: ask for less".to_owned())
        }
        Decision::Allowed(_) => None,
        Decision::Denied(ground) => Some(format!("{} denies it", ground.binding)),
        Decision::NotGranted => Some("no binding allows it".to_owned()),
    }
}

fn path(place: Option<Place>) -> ScopePath {
    let place = place.unwrap_or_default();
    ScopePath {
        namespace: place.namespace,
        project: place.project,
        component: place.component,
        resource: place.resource,
    }
}

fn question(question: Question) -> evaluate::Question {
    let values = &question.attributes;
    let given = Attribute::ALL
        .iter()
        .filter_map(|it| Some((*it, values.get(it.field())?)));
    let attributes = given.fold(Attributes::default(), |given, (it, value)| {
        given.with(it, value)
    });
    evaluate::Question {
        subject: question.subject.map(|subject| Asked {
            claim: subject.claim,
            values: subject.values,
        }),
        resource_type: question.resource_type,
        resource_id: question.resource_id,
        path: path(question.place),
        action: question.action,
        attributes,
    }
}

fn context(subject: &Subject) -> SubjectContext {
    let values = subject.entitlements.iter().map(|it| it.value.clone());
    SubjectContext {
        r#type: subject.kind.as_str().to_owned(),
        claim: subject.kind.claim().to_owned(),
        values: values.collect(),
    }
}

fn capability(capability: profile::Capability) -> Capability {
    let places = |places: Vec<profile::Place>| -> Vec<CapabilityPlace> {
        let place = |place: profile::Place| CapabilityPlace {
            path: place.path,
            expressions: place
                .constraints
                .map(|it| it.expressions)
                .unwrap_or_default(),
        };
        places.into_iter().map(place).collect()
    };
    Capability {
        allowed: places(capability.allowed),
        denied: places(capability.denied),
    }
}

fn attribute(attribute: Attribute) -> ActionAttribute {
    ActionAttribute {
        key: attribute.key().to_owned(),
        description: attribute.description().to_owned(),
    }
}

//! Questions as the API asks them, about the caller or about somebody else, and their answers.

use crate::{
    Action, Attributes, Decision, Entitlement, Policy, ScopePath, Subject, subject::SubjectKind,
};

/// A question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// Of whom it is asked; nobody in particular: of the caller.
    pub subject: Option<Asked>,
    /// The kind of object, as `component`.
    pub resource_type: String,
    /// The name of the object, for the answer.
    pub resource_id: String,
    /// Where it is.
    pub path: ScopePath,
    /// What is done.
    pub action: String,
    /// What is known of the object.
    pub attributes: Attributes,
}

/// A subject as the API names it: values of one claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The claim.
    pub claim: String,
    /// Its values.
    pub values: Vec<String>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether the subject may.
    pub allowed: bool,
    /// Why.
    pub reason: String,
}

/// A question is not complete. The words are the reference's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Something is not given.
    #[error("invalid request: {0} is required")]
    Missing(&'static str),
    /// Something is not given in one of several questions.
    #[error("invalid request: {0} is required at index {1}")]
    MissingAt(&'static str, usize),
    /// There is no question.
    #[error("invalid request: batch evaluate request contains no requests")]
    Nothing,
    /// A subject has an empty claim or value.
    #[error("failed to format subject: {0}")]
    Subject(#[source] EmptyEntitlement),
}

/// An entitlement is about nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("claim and value cannot be empty")]
pub struct EmptyEntitlement;

/// An entitlement that is about somebody.
///
/// # Errors
/// Claim or value is empty.
pub fn entitlement(claim: &str, value: &str) -> Result<Entitlement, EmptyEntitlement> {
    if claim.is_empty() || value.is_empty() {
        return Err(EmptyEntitlement);
    }
    Ok(Entitlement {
        claim: claim.to_owned(),
        value: value.to_owned(),
    })
}

impl Question {
    /// Checks that all is said.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub fn check(&self) -> Result<(), Error> {
        self.missing()
            .map_or(Ok(()), |what| Err(Error::Missing(what)))
    }

    fn missing(&self) -> Option<&'static str> {
        if self.resource_type.is_empty() {
            return Some("resource type");
        }
        self.action.is_empty().then_some("action")
    }
}

impl Asked {
    fn subject(&self) -> Result<Subject, Error> {
        let entitlements = self
            .values
            .iter()
            .map(|value| entitlement(&self.claim, value));
        Ok(Subject {
            name: self.values.join(","),
            kind: SubjectKind::User,
            entitlements: entitlements
                .collect::<Result<_, _>>()
                .map_err(Error::Subject)?,
        })
    }
}

/// Checks questions that are asked together.
///
/// # Errors
/// There is none, or the first that is not complete.
pub fn check(questions: &[Question]) -> Result<(), Error> {
    if questions.is_empty() {
        return Err(Error::Nothing);
    }
    let mut missing = questions.iter().map(Question::missing).enumerate();
    missing
        .find_map(|(index, what)| Some(Error::MissingAt(what?, index)))
        .map_or(Ok(()), Err)
}

impl Policy {
    /// Answers a question on behalf of `caller`.
    ///
    /// # Errors
    /// The question is not complete.
    pub fn answer(&self, caller: &Subject, question: &Question) -> Result<Answer, Error> {
        question.check()?;
        let asked = question.subject.as_ref().map(Asked::subject).transpose()?;
        let subject = asked.as_ref().unwrap_or(caller);
        let action = Action::named(&question.action);
        let decision = self.decide(subject, &action, &question.path, &question.attributes);
        Ok(Answer {
            allowed: decision.is_allowed(),
            reason: reason(&decision, question),
        })
    }
}

/// Why, for people; where access is granted or nothing is found, in the words of the reference.
fn reason(decision: &Decision<'_>, question: &Question) -> String {
    match decision {
        Decision::Allowed(ground) => {
            let id = match question.resource_id.as_str() {
                "" => String::new(),
                id => format!(" (id: {id})"),
            };
            format!(
                "Access granted: entitlement value '{}' authorized to perform '{}' on hierarchy '{}'{id}",
                ground.entitlement.value, question.action, question.path
            )
        }
        Decision::Denied(ground) => format!(
            "Access denied: {} denies '{}' to entitlement value '{}'",
            ground.binding, question.action, ground.entitlement.value
        ),
        Decision::NotGranted => "no matching policies found".to_owned(),
    }
}

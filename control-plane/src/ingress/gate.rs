//! The one place where callers are told apart and their rights are decided.
//!
//! A call passes [`Gate::enter`] and gets a [`Visit`]: the caller, and the policy that counts for this
//! call. Everything that the call does is decided by the visit, so that no call mixes two policies.

use std::sync::Arc;

use tonic::{Request, Status};

use authz::{Action, Attributes, Decision, Policy, Reach, ScopePath, Subject};
use model::{Code, Envelope};

use super::{scope, status};
use crate::{authenticate::Authenticator, policy::Policies};

/// Lets callers in.
#[derive(Debug)]
pub(crate) struct Gate {
    authenticator: Authenticator,
    policies: Policies,
}

/// A caller, and what it may do.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    subject: Subject,
    policy: Arc<Policy>,
}

impl Gate {
    pub(crate) const fn new(authenticator: Authenticator, policies: Policies) -> Self {
        Self {
            authenticator,
            policies,
        }
    }

    /// Lets the caller of a request in.
    pub(super) async fn enter<T>(&self, request: &Request<T>) -> Result<Visit, Status> {
        let header = request
            .metadata()
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        let token = header.and_then(|header| header.strip_prefix("Bearer "));
        let subject = self
            .authenticator
            .verify(token)
            .map_err(|error| status(&error))?
            .clone();
        let policy = self
            .policies
            .current()
            .await
            .map_err(|error| status(&error))?;
        Ok(Visit { subject, policy })
    }

    /// The policies, for those who outlive a visit.
    pub(super) const fn policies(&self) -> &Policies {
        &self.policies
    }
}

impl Visit {
    pub(super) const fn subject(&self) -> &Subject {
        &self.subject
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The same caller under the policy of now. Says whether that is another one for the caller.
    pub(super) async fn renew(&mut self, policies: &Policies) -> Result<bool, store::Error> {
        let policy = policies.current().await?;
        let differs =
            !Arc::ptr_eq(&policy, &self.policy) && !policy.is_same_for(&self.policy, &self.subject);
        self.policy = policy;
        Ok(differs)
    }

    /// Whether the caller may do this to an object.
    pub(super) fn may(&self, action: &Action, object: &Envelope) -> bool {
        let attributes = scope::attributes(action, object);
        self.decide(action, &scope::of(object), &attributes)
            .is_allowed()
    }

    /// Whether the caller may do this at a place.
    pub(super) fn decide(
        &self,
        action: &Action,
        path: &ScopePath,
        attributes: &Attributes,
    ) -> Decision<'_> {
        self.policy.decide(&self.subject, action, path, attributes)
    }

    /// Where the caller may do this.
    pub(super) fn reach(&self, action: &Action) -> Reach {
        self.policy.reach(&self.subject, action)
    }

    /// Refuses what the caller may not do to an object.
    pub(super) fn require(&self, action: &Action, object: &Envelope) -> Result<(), Status> {
        self.allowed(action, self.may(action, object))
    }

    /// Refuses an object that the caller may not create: it is created in the place around it.
    pub(super) fn require_create(&self, action: &Action, object: &Envelope) -> Result<(), Status> {
        let attributes = scope::attributes(action, object);
        let decision = self.decide(action, &scope::around(object), &attributes);
        self.allowed(action, decision.is_allowed())
    }

    /// Refuses what the caller may not do to the whole platform.
    pub(super) fn require_everywhere(&self, action: &Action) -> Result<(), Status> {
        let decision = self.decide(action, &ScopePath::default(), &Attributes::default());
        self.allowed(action, decision.is_allowed())
    }

    fn allowed(&self, action: &Action, allowed: bool) -> Result<(), Status> {
        if allowed {
            return Ok(());
        }
        Err(self.refusal(action))
    }

    /// The answer to whoever may not do this; it names what is missing.
    pub(super) fn refusal(&self, action: &Action) -> Status {
        let message = format!("{} may not {action} here", self.subject.name);
        proto::status::from_code(Code::Forbidden, message)
    }
}

//! Who the caller is, and what the caller may do.

use tonic::{Request, Response, Status};

use authz::{Action, Decision, ScopePath};
use proto::resources::{
    CheckRequest, CheckResponse, WhoAmIRequest, WhoAmIResponse, access_server::Access,
};

use super::Ingress;

#[tonic::async_trait]
impl Access for Ingress {
    async fn who_am_i(
        &self,
        request: Request<WhoAmIRequest>,
    ) -> Result<Response<WhoAmIResponse>, Status> {
        let subject = self.caller(&request)?;
        Ok(Response::new(WhoAmIResponse {
            subject: subject.name.clone(),
            subject_type: subject.subject_type.clone(),
        }))
    }

    async fn check(
        &self,
        request: Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, Status> {
        let subject = self.caller(&request)?;
        let asked = request.get_ref();
        let scope = ScopePath {
            namespace: asked.namespace.clone(),
            project: asked.project.clone(),
            component: asked.component.clone(),
        };
        let grants = self.0.authenticator.grants();
        let (allowed, reason) =
            match authz::decide(grants, subject, &Action::named(&asked.action), &scope) {
                Decision::Allowed => (true, ""),
                Decision::Denied => (false, "a grant denies it"),
                Decision::NotGranted => (false, "no grant allows it"),
            };
        Ok(Response::new(CheckResponse {
            allowed,
            reason: reason.to_owned(),
        }))
    }
}

//! Who may ask: the control plane's word, asked each time, so that what is taken is taken at once.

use std::time::Duration;

use tonic::{Request, Status, metadata::MetadataMap, transport::Channel};

use model::Code;
use proto::resources::{CheckRequest, access_client::AccessClient};
use telemetry::Scope;

/// How long the control plane may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Asks the control plane. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    client: AccessClient<Channel>,
}

impl Access {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            client: AccessClient::new(channel),
        }
    }

    /// Whether the caller may see the logs of this scope.
    pub(crate) async fn may_view(
        &self,
        authorization: Option<&str>,
        scope: &Scope,
    ) -> Result<(), Status> {
        let Some(authorization) = authorization.filter(|value| value.starts_with("Bearer ")) else {
            return Err(proto::status::from_code(
                Code::Unauthenticated,
                "a bearer token is required",
            ));
        };
        let mut request = Request::new(CheckRequest {
            action: "logs:view".to_owned(),
            namespace: scope.namespace.clone(),
            project: scope.project.clone(),
            component: scope.component.clone(),
            resource: String::new(),
            environment: scope.environment.clone(),
        });
        request.set_timeout(DEADLINE);
        let value = authorization.parse().map_err(|_| {
            proto::status::from_code(Code::Unauthenticated, "the token is not valid")
        })?;
        request.metadata_mut().insert("authorization", value);
        let answer = self.client.clone().check(request).await?.into_inner();
        if !answer.allowed {
            return Err(proto::status::from_code(
                Code::Forbidden,
                format!("logs:view: {}", answer.reason),
            ));
        }
        Ok(())
    }
}

/// The header in which a token travels.
pub(crate) fn authorization(metadata: &MetadataMap) -> Option<&str> {
    metadata
        .get("authorization")
        .and_then(|value| value.to_str().ok())
}

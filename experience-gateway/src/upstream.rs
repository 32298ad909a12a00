//! Connections to the other planes, made when they are first needed and kept.

use tonic::transport::{Channel, Endpoint};

use proto::{
    preview::preview_client::PreviewClient,
    query::logs_client::LogsClient,
    resources::{
        access_client::AccessClient, planes_client::PlanesClient, resources_client::ResourcesClient,
    },
};

/// The other planes. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    control: Channel,
    observability: Channel,
}

impl Upstream {
    pub(crate) fn new(config: &crate::Config) -> Result<Self, tonic::transport::Error> {
        let lazy = |address: &str| -> Result<Channel, tonic::transport::Error> {
            let endpoint = Endpoint::from_shared(address.to_owned())?
                .connect_timeout(*config.deadline)
                .tcp_nodelay(true)
                .http2_keep_alive_interval(std::time::Duration::from_secs(20));
            Ok(endpoint.connect_lazy())
        };
        Ok(Self {
            control: lazy(&config.control_plane)?,
            observability: lazy(&config.observability_plane)?,
        })
    }

    pub(crate) fn resources(&self) -> ResourcesClient<Channel> {
        ResourcesClient::new(self.control.clone())
            .max_decoding_message_size(proto::MAX_MESSAGE)
            .max_encoding_message_size(proto::MAX_MESSAGE)
    }

    pub(crate) fn access(&self) -> AccessClient<Channel> {
        AccessClient::new(self.control.clone())
    }

    pub(crate) fn planes(&self) -> PlanesClient<Channel> {
        PlanesClient::new(self.control.clone())
    }

    pub(crate) fn preview(&self) -> PreviewClient<Channel> {
        PreviewClient::new(self.control.clone())
            .max_decoding_message_size(proto::MAX_MESSAGE)
            .max_encoding_message_size(proto::MAX_MESSAGE)
    }

    pub(crate) fn logs(&self) -> LogsClient<Channel> {
        LogsClient::new(self.observability.clone())
    }
}

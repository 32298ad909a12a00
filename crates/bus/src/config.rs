//! The section `bus`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the NATS servers are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Servers, as `nats://127.0.0.1:4222` or, beyond loopback, `tls://nats.example.org:4222`.
    pub servers: Vec<String>,
    /// PEM file of the authority that vouches for the servers; empty: the system's authorities.
    pub ca_file: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            servers: vec!["nats://127.0.0.1:7422".to_owned()],
            ca_file: PathBuf::new(),
        }
    }
}

impl Config {
    /// The servers that would be reached without TLS beyond loopback, which is refused.
    #[must_use]
    pub fn insecure(&self) -> Vec<&str> {
        let is_insecure = |server: &&str| {
            let (scheme, rest) = server.split_once("://").unwrap_or(("nats", server));
            let host = rest.rsplit_once(':').map_or(rest, |(host, _)| host);
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            let loopback = host == "localhost"
                || host
                    .trim_matches(['[', ']'])
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|ip| ip.is_loopback());
            scheme != "tls" && !loopback
        };
        self.servers
            .iter()
            .map(String::as_str)
            .filter(is_insecure)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_required_beyond_loopback() {
        let config = Config {
            servers: [
                "nats://127.0.0.1:1",
                "nats://localhost:1",
                "tls://a.b:1",
                "nats://10.0.0.1:1",
                "nats://[::1]:1",
            ]
            .map(str::to_owned)
            .to_vec(),
            ..Config::default()
        };
        assert_eq!(config.insecure(), ["nats://10.0.0.1:1"]);
    }
}

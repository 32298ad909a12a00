//! The configuration of the control plane.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use kit::config::{Secret, UnreadableSecret};

/// The configuration of the control plane.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Telemetry, the admin port, shutdown.
    pub kit: kit::Config,
    /// The door.
    pub ingress: crate::ingress::Config,
    /// Who may call.
    pub auth: crate::authenticate::Config,
    /// The platform database.
    pub database: Database,
    /// How decisions are made.
    pub wake: crate::wake::Config,
    /// The links to planes.
    pub link: crate::link_service::Config,
}

/// The platform database.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:` and the path of a file, which one control plane has for itself; or
    /// `postgres://user@host/database`, which several replicas share, with parameters such as
    /// `?sslmode=verify-full&sslrootcert=/etc/ca.pem`. The database must exist; it may be empty.
    #[serde(serialize_with = "shown")]
    pub url: String,
    /// The password for PostgreSQL.
    pub password: Secret,
    /// Connections for reading. Each replica needs three more: to write, to listen and to follow.
    pub readers: u32,
}

impl Default for Database {
    fn default() -> Self {
        let store::Config { url, readers, .. } = store::Config::default();
        Self {
            url,
            password: Secret::default(),
            readers,
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("url", &without_password(&self.url))
            .field("password", &self.password)
            .field("readers", &self.readers)
            .finish()
    }
}

impl Config {
    /// How the store is opened.
    pub(crate) fn store(&self) -> Result<store::Config, UnreadableSecret> {
        Ok(store::Config {
            url: self.database.url.clone(),
            password: self.database.password.load()?,
            readers: self.database.readers,
            claim_lease: *self.wake.lease,
            ..store::Config::default()
        })
    }
}

fn shown<S: Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&without_password(url))
}

/// The URL as it may be shown: people put passwords there too.
fn without_password(url: &str) -> String {
    const MASK: &str = "********";
    let (before, query) = url.split_once('?').unwrap_or((url, ""));
    let login = before.split_once("://").and_then(|(scheme, rest)| {
        let (login, place) = rest.rsplit_once('@')?;
        let (user, _) = login.split_once(':')?;
        Some(format!("{scheme}://{user}:{MASK}@{place}"))
    });
    let mut shown = login.unwrap_or_else(|| before.to_owned());
    for (number, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        shown.push(if number == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some(("password", _)) => shown.push_str(&format!("password={MASK}")),
            _ => shown.push_str(pair),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_url_is_not_shown() {
        for (url, expected) in [
            ("sqlite:/var/lib/quintet.db", "sqlite:/var/lib/quintet.db"),
            (
                "postgres://me@db/quintet?sslmode=require",
                "postgres://me@db/quintet?sslmode=require",
            ),
            (
                "postgres://me:hunter2@db:5432/quintet",
                "postgres://me:********@db:5432/quintet",
            ),
            (
                "postgres://me@db/quintet?password=hunter2&sslmode=require",
                "postgres://me@db/quintet?password=********&sslmode=require",
            ),
        ] {
            let database = Database {
                url: url.to_owned(),
                ..Database::default()
            };
            let shown = serde_json::to_value(&database).unwrap();
            assert_eq!(shown["url"], expected);
            assert!(!format!("{database:?}").contains("hunter2"));
        }
    }
}

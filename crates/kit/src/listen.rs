//! Listeners, and errors that say what is in the way.

use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;

use crate::shutdown::Shutdown;

/// A listener cannot be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for {purpose}{}", Hint(hint))]
pub struct Error {
    address: SocketAddr,
    purpose: String,
    hint: Option<String>,
    #[source]
    source: std::io::Error,
}

struct Hint<'a>(&'a Option<String>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .as_ref()
            .map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

/// Binds a TCP listener; port 0 takes a free one. `purpose` names it in errors and in the log, as in `the admin port`.
///
/// # Errors
///
/// When the address cannot be bound; the error names the process that holds it, if it can be seen.
pub async fn bind(purpose: &str, address: SocketAddr) -> Result<TcpListener, Error> {
    let bound = TcpListener::bind(address).await;
    let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
    match bound {
        Ok((address, listener)) => {
            tracing::info!(listen.address = %address, "listening for {purpose}");
            Ok(listener)
        }
        Err(source) => {
            let hint = hint(&source, address);
            Err(Error {
                address,
                purpose: purpose.to_owned(),
                hint,
                source,
            })
        }
    }
}

/// Serves HTTP until the soft shutdown, then finishes the requests in hand.
///
/// # Errors
///
/// When the listener breaks.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: Shutdown,
) -> Result<(), std::io::Error> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move { shutdown.soft().await })
        .await
}

fn hint(error: &std::io::Error, address: SocketAddr) -> Option<String> {
    let kind = error.kind();
    if kind == ErrorKind::AddrInUse {
        let occupant = occupant::of(address.port());
        let occupant = occupant.unwrap_or_else(|| "another process".to_owned());
        return Some(format!(
            "{occupant} holds the port; stop it or configure another"
        ));
    }
    let hints = [
        (
            ErrorKind::PermissionDenied,
            "ports below 1024 need a privilege",
        ),
        (
            ErrorKind::AddrNotAvailable,
            "this machine does not have the address",
        ),
    ];
    hints
        .iter()
        .find(|(of, _)| *of == kind)
        .map(|(_, hint)| (*hint).to_owned())
}

/// Finds who listens on a port, from what Linux shows below `/proc`.
mod occupant {
    use std::fs;
    use std::path::Path;

    /// The state of a listening socket in `/proc/net/tcp`.
    const LISTEN: &str = "0A";

    pub(super) fn of(port: u16) -> Option<String> {
        let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .find_map(|t| inode(t, port))?;
        let socket = format!("socket:[{inode}]");
        for process in fs::read_dir("/proc").ok()?.flatten() {
            let pid = process.file_name().to_string_lossy().into_owned();
            if pid.parse::<u32>().is_ok() && holds(&process.path(), &socket) {
                let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
                return Some(format!("the process {pid} ({})", name.trim()));
            }
        }
        None
    }

    fn inode(table: &str, port: u16) -> Option<String> {
        let suffix = format!(":{port:04X}");
        let table = fs::read_to_string(table).ok()?;
        table.lines().skip(1).find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let listens = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == LISTEN;
            listens.then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
        })
    }

    fn holds(process: &Path, socket: &str) -> bool {
        let Ok(files) = fs::read_dir(process.join("fd")) else {
            return false;
        };
        files.flatten().any(|file| {
            fs::read_link(file.path()).is_ok_and(|target| target.to_string_lossy() == socket)
        })
    }
}

//! Where the programs and the state of the dev cluster are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// `$QUINTET_CLUSTER_HOME`, or the folder that `cargo xtask` uses.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os("QUINTET_CLUSTER_HOME")
        .map(PathBuf::from)
        .unwrap_or_else(|| {
            std::env::home_dir()
                .expect("a home folder")
                .join(".cache/quintet/cluster")
        })
}

/// A program of the dev cluster, or of `$PATH`.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path: OsString = std::env::var_os("PATH").unwrap_or_default();
    let own = folder().join("bin");
    std::iter::once(own)
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|program| is_program(program))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}

//! Images without a registry: one static binary becomes an image tar that every node loads.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{command, home::Home};

/// An image of one static binary.
#[derive(Debug, Clone)]
pub struct Image {
    name: String,
    binary: PathBuf,
    path: Option<&'static str>,
    user: Option<&'static str>,
}

impl Image {
    /// An image with this full name and tag, whose entrypoint is the binary.
    #[must_use]
    pub fn new(name: &str, binary: &Path) -> Self {
        Self {
            name: name.to_owned(),
            binary: binary.to_path_buf(),
            path: None,
            user: None,
        }
    }

    /// `quintet.local/NAME:1` of a program that the dev cluster's build made.
    #[must_use]
    pub fn of_tool(home: &Home, name: &str) -> Self {
        Self::new(&format!("quintet.local/{name}:1"), &home.tool(name))
    }

    pub(super) fn path(mut self, path: &'static str) -> Self {
        self.path = Some(path);
        self
    }

    pub(super) fn user(mut self, user: &'static str) -> Self {
        self.user = Some(user);
        self
    }

    /// Every node loads the tars of this folder when it starts.
    fn tar(&self, home: &Home) -> PathBuf {
        let name = self
            .name
            .trim_end_matches(":1")
            .replace(['/', ':', '@'], "_");
        home.cluster()
            .join("images")
            .join(name.trim_start_matches("quintet.local_"))
            .with_added_extension("tar")
    }
}

/// Writes the image's tar, from which every later cluster takes it.
///
/// # Errors
/// The binary cannot be read.
pub fn pack(home: &Home, image: &Image) -> Result<()> {
    let tar = image.tar(home);
    let folder = home.cluster().join("images");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let mut kube = home.kube();
    kube.args(["image", "build", "--name", &image.name, "--binary"])
        .arg(&image.binary);
    kube.arg("--out").arg(&tar);
    if let Some(path) = image.path {
        kube.args(["--path", path]);
    }
    if let Some(user) = image.user {
        kube.args(["--user", user]);
    }
    command::capture(&mut kube).map(drop)
}

/// Packs the image and loads it into the running cluster, or into all of them.
///
/// # Errors
/// The binary cannot be read, or a node refuses the image.
pub fn load(home: &Home, image: &Image, cluster: Option<&str>) -> Result<()> {
    pack(home, image)?;
    import(home, image, cluster)
}

/// Loads a packed image into the running cluster, or into all of them.
///
/// # Errors
/// There is no tar of it, or a node refuses it.
pub fn import(home: &Home, image: &Image, cluster: Option<&str>) -> Result<()> {
    let mut kube = home.kube();
    kube.args(["cluster", "load-image"]);
    match cluster {
        Some(name) => kube.args(["--name", name]),
        None => kube.arg("--all"),
    };
    command::capture(kube.arg(image.tar(home))).map(drop)
}

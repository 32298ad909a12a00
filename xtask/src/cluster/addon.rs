//! What can be installed in a cluster: Gateway API with its controller, Argo Workflows.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::{Instance, apply, build, image, kubectl};
use crate::{command, home::Home, progress::Step};

/// Something to install.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Addon {
    /// The Gateway API, Traefik as its controller, and a Gateway for all namespaces.
    Gateway,
    /// Argo Workflows.
    Argo,
}

/// Builds what the addon needs and installs it; installed again, it changes nothing.
///
/// # Errors
/// A build fails, or the cluster does not get ready.
pub fn install(home: &Home, cluster: &Instance, addon: Addon, step: &Step) -> Result<()> {
    let tool = match addon {
        Addon::Gateway => build::Tool::Gateway,
        Addon::Argo => build::Tool::Argo,
    };
    build::tool(home, tool, step)?;
    // A node loads all images when it starts; these may be younger.
    for image in build::images(home, tool) {
        image::import(home, &image, Some(&cluster.name))?;
    }
    match addon {
        Addon::Gateway => gateway(home, &cluster.kubeconfig, step),
        Addon::Argo => argo(home, &cluster.kubeconfig, step),
    }
}

fn gateway(home: &Home, kubeconfig: &Path, step: &Step) -> Result<()> {
    step.note("Gateway API and Traefik");
    let api = build::module_folder(home, "tools/gateway", "sigs.k8s.io/gateway-api")?;
    let kubectl = || kubectl(home, kubeconfig);
    command::capture(
        kubectl()
            .args(["apply", "--server-side", "-f"])
            .arg(api.join("config/crd/standard")),
    )?;
    command::capture(kubectl().args([
        "wait",
        "--for=condition=Established",
        "--timeout=30s",
        "crd/gateways.gateway.networking.k8s.io",
        "crd/httproutes.gateway.networking.k8s.io",
    ]))?;
    let manifest = home.dev_cluster().join("tools/gateway/traefik.yaml");
    command::capture(
        kubectl()
            .args(["apply", "--server-side", "-f"])
            .arg(manifest),
    )?;
    rollout(kubectl().args(["-n", "traefik", "rollout", "status", "deploy/traefik"]))
}

fn argo(home: &Home, kubeconfig: &Path, step: &Step) -> Result<()> {
    step.note("Argo Workflows");
    let module = "github.com/argoproj/argo-workflows/v3";
    let manifests =
        build::module_folder(home, "tools/argo", module)?.join("manifests/cluster-install");
    let built = command::capture(home.kube().args(["kubectl", "kustomize"]).arg(manifests))?;
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: argo}\n";
    apply(home, kubeconfig, namespace)?;
    let file = home.cluster().join("src/argo.yaml");
    fs::write(&file, controller_alone(&built)).with_context(|| file.display().to_string())?;
    let mut create = kubectl(home, kubeconfig);
    create
        .args(["-n", "argo", "apply", "--server-side", "-f"])
        .arg(&file);
    command::capture(&mut create)?;
    let mut kubectl = kubectl(home, kubeconfig);
    rollout(kubectl.args([
        "-n",
        "argo",
        "rollout",
        "status",
        "deploy/workflow-controller",
    ]))
}

/// Argo's manifests without its web server, with the images made here.
fn controller_alone(manifests: &str) -> String {
    let documents = manifests
        .split("\n---\n")
        .filter(|it| !it.contains("argo-server"));
    let mut kept = String::new();
    for line in documents.flat_map(|document| document.lines().chain(["---"])) {
        match line.split_once("image: ") {
            Some((indent, image)) if image.contains("/workflow-controller:") => {
                kept += &format!("{indent}image: quintet.local/workflow-controller:1");
            }
            _ => {
                let arguments = "args: [--executor-image, 'quintet.local/argoexec:1']";
                kept += &line.replace("args: []", arguments);
            }
        }
        kept.push('\n');
    }
    kept
}

fn rollout(kubectl: &mut Command) -> Result<()> {
    command::capture(kubectl.arg("--timeout=120s").stdin(Stdio::null())).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_web_server_is_left_out_and_images_are_ours() {
        let given = "kind: A\nname: argo-server\n---\nspec:\n  - image: quay.io/x/workflow-controller:v3\n    args: []";
        let kept = controller_alone(given);
        assert!(!kept.contains("argo-server"));
        assert!(kept.contains("quintet.local/workflow-controller:1"));
        assert!(kept.contains("--executor-image"));
    }
}

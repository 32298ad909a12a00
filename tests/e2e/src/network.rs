//! Network policy: an endpoint for the project alone is reached from its project and from nobody
//! else.

use anyhow::{Result, ensure};

use crate::{
    wait,
    world::{LIMIT, World, place},
};

pub(crate) fn walk(world: &World) -> Result<()> {
    let mut manifest = String::new();
    for project in ["friends", "strangers"] {
        manifest += &project_manifest(project);
    }
    manifest += &component("callee", "friends");
    manifest += &component("friend", "friends");
    manifest += &component("stranger", "strangers");
    world.apply(&manifest)?;
    for component in ["callee", "friend", "stranger"] {
        world.is_ready(component, "development")?;
    }
    let service = world.object("service", "callee", "development")?;
    let (name, namespace) = place(&service)?;
    let url = format!("http://{name}.{namespace}:8080/");
    wait::until(LIMIT, "a pod of the same project reaches it", || {
        get(world, "friend", &url)
    })?;
    println!("   a pod of the same project reaches {url}");
    let refused = get(world, "stranger", &url);
    ensure!(refused.is_err(), "a pod of another project reaches {url}");
    println!("   a pod of another project does not");

    for project in ["friends", "strangers"] {
        for component in if project == "friends" {
            &["callee", "friend"][..]
        } else {
            &["stranger"]
        } {
            world.quintet(&["delete", "component", component])?;
        }
        world.quintet(&["delete", "project", project])?;
    }
    Ok(())
}

fn get(world: &World, component: &str, url: &str) -> Result<String> {
    let deployment = world.object("deployment", component, "development")?;
    let (name, namespace) = place(&deployment)?;
    let target = format!("deploy/{name}");
    world.kubectl(&[
        "-n", namespace, "exec", &target, "--", "/sample", "get", url,
    ])
}

fn project_manifest(name: &str) -> String {
    format!(
        "apiVersion: openchoreo.dev/v1alpha1
kind: Project
metadata: {{name: {name}, namespace: default}}
spec:
  deploymentPipelineRef: {{name: default}}
  type: {{kind: ClusterProjectType, name: default}}
---
apiVersion: openchoreo.dev/v1alpha1
kind: ProjectReleaseBinding
metadata: {{name: {name}-development, namespace: default}}
spec:
  owner: {{projectName: {name}}}
  environment: development
---
"
    )
}

/// A component of the test image, whose one endpoint is for its project.
fn component(name: &str, project: &str) -> String {
    format!(
        "apiVersion: openchoreo.dev/v1alpha1
kind: Component
metadata: {{name: {name}, namespace: default}}
spec:
  owner: {{projectName: {project}}}
  componentType: {{kind: ClusterComponentType, name: deployment/service}}
  autoDeploy: true
---
apiVersion: openchoreo.dev/v1alpha1
kind: Workload
metadata: {{name: {name}, namespace: default}}
spec:
  owner: {{projectName: {project}, componentName: {name}}}
  container: {{image: \"quintet.local/sample:1\"}}
  endpoints:
    http: {{type: HTTP, port: 8080, visibility: [project]}}
---
"
    )
}

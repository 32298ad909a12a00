//! Numbered changes: components whose Deployment carries a number, and a watch that tells which
//! number arrived when. The storm and the benchmarks measure with them.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Instant,
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{cluster, home::Home};

/// A set of components that belong together: their project has its name, each component the name
/// and a number.
#[derive(Debug, Clone)]
pub struct Set {
    name: String,
    replicas: u32,
}

/// A number that arrived in a Deployment.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Which component.
    pub component: usize,
    /// The number.
    pub change: usize,
    /// When the watch told it.
    pub at: Instant,
}

impl Set {
    /// A set whose Deployments have this many pods each.
    #[must_use]
    pub fn new(name: &str, replicas: u32) -> Self {
        Self {
            name: name.to_owned(),
            replicas,
        }
    }

    /// Name of a component.
    #[must_use]
    pub fn component_name(&self, component: usize) -> String {
        format!("{}-{component}", self.name)
    }

    /// What the components need: a type of their own, the project, its cell in `development`.
    #[must_use]
    pub fn project(&self) -> String {
        let Self { name, replicas } = self;
        format!(
            r#"apiVersion: openchoreo.dev/v1alpha1
kind: ComponentType
metadata: {{name: {name}, namespace: default}}
spec:
  workloadType: deployment
  resources:
    - id: deployment
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: ${{metadata.name}}
          namespace: ${{metadata.namespace}}
          labels: ${{metadata.labels}}
        spec:
          replicas: {replicas}
          selector: {{matchLabels: "${{metadata.podSelectors}}"}}
          template:
            metadata: {{labels: "${{metadata.podSelectors}}"}}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
                - name: main
                  image: ${{workload.container.image}}
                  args: ["serve"]
                  env: [{{name: CHANGE, value: "${{workload.container.args[0]}}"}}]
---
apiVersion: openchoreo.dev/v1alpha1
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
"#
        )
    }

    /// A component of the set, which deploys each change by itself.
    #[must_use]
    pub fn component(&self, component: usize) -> Value {
        json!({
            "apiVersion": "openchoreo.dev/v1alpha1",
            "kind": "Component",
            "metadata": { "name": self.component_name(component), "namespace": "default" },
            "spec": {
                "owner": { "projectName": self.name },
                "componentType": {
                    "kind": "ComponentType",
                    "name": format!("deployment/{}", self.name),
                },
                "autoDeploy": true,
            },
        })
    }

    /// The component's workload with this change.
    #[must_use]
    pub fn workload(&self, component: usize, change: usize) -> Value {
        let name = self.component_name(component);
        json!({
            "apiVersion": "openchoreo.dev/v1alpha1",
            "kind": "Workload",
            "metadata": { "name": name, "namespace": "default" },
            "spec": {
                "owner": { "projectName": self.name, "componentName": name },
                "container": { "image": "quintet.local/sample:1", "args": [change.to_string()] },
            },
        })
    }
}

/// A watch over the Deployments of a set; ended when it is dropped.
#[derive(Debug)]
pub struct Watch {
    kubectl: Child,
    arrivals: Receiver<Arrival>,
}

impl Watch {
    /// Begins to watch.
    ///
    /// # Errors
    /// kubectl does not start.
    pub fn start(home: &Home, kubeconfig: &Path, set: &Set) -> Result<Self> {
        let columns = r"custom-columns=C:.metadata.labels.openchoreo\.dev/component,N:.spec.template.spec.containers[0].env[0].value";
        let mut command = cluster::kubectl(home, kubeconfig);
        command.args([
            "get",
            "deployments",
            "-A",
            "--watch",
            "--no-headers",
            "-o",
            columns,
        ]);
        command.args(["-l", &format!("openchoreo.dev/project={}", set.name)]);
        let mut kubectl = command
            .stdout(Stdio::piped())
            .spawn()
            .context("kubectl get --watch")?;
        let out = BufReader::new(kubectl.stdout.take().context("its output")?);
        let (sender, arrivals) = mpsc::channel();
        let prefix = format!("{}-", set.name);
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let at = Instant::now();
                let Some((component, change)) = parse(&line, &prefix) else {
                    continue;
                };
                if sender
                    .send(Arrival {
                        component,
                        change,
                        at,
                    })
                    .is_err()
                {
                    return;
                }
            }
        });
        Ok(Self { kubectl, arrivals })
    }

    /// What arrived since the last call, in order.
    pub fn arrivals(&self) -> impl Iterator<Item = Arrival> {
        self.arrivals.try_iter()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // One that is gone already has ended as well.
        let _gone = self.kubectl.kill();
        let _reaped = self.kubectl.wait();
    }
}

fn parse(line: &str, prefix: &str) -> Option<(usize, usize)> {
    let mut words = line.split_whitespace();
    let component = words.next()?.strip_prefix(prefix)?.parse().ok()?;
    Some((component, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_watch_is_read() {
        assert_eq!(parse("storm-3   17", "storm-"), Some((3, 17)));
        assert_eq!(parse("storm-3   <none>", "storm-"), None);
        assert_eq!(parse("other-3   17", "storm-"), None);
    }
}

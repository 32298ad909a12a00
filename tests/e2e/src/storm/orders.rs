//! Changes that can be told apart in the cluster: each is a number that ends in a Deployment, and a
//! watch writes down the numbers as they come.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use anyhow::{Context, Result};
use xtask::cluster;

use super::number;
use crate::world::World;

/// A project, and components of a type whose Deployment has no pods: what is tested is the way
/// there.
const PLATFORM: &str = r#"apiVersion: openchoreo.dev/v1alpha1
kind: ComponentType
metadata: {name: order, namespace: default}
spec:
  workloadType: deployment
  resources:
    - id: deployment
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: ${metadata.name}
          namespace: ${metadata.namespace}
          labels: ${metadata.labels}
        spec:
          replicas: 0
          selector: {matchLabels: "${metadata.podSelectors}"}
          template:
            metadata: {labels: "${metadata.podSelectors}"}
            spec:
              containers:
                - name: main
                  image: ${workload.container.image}
                  args: ${workload.container.args}
---
apiVersion: openchoreo.dev/v1alpha1
kind: Project
metadata: {name: storm, namespace: default}
spec:
  deploymentPipelineRef: {name: default}
  type: {kind: ClusterProjectType, name: default}
---
apiVersion: openchoreo.dev/v1alpha1
kind: ProjectReleaseBinding
metadata: {name: storm-development, namespace: default}
spec:
  owner: {projectName: storm}
  environment: development
"#;

/// Name of a component.
pub(super) fn name(component: usize) -> String {
    format!("storm-{component}")
}

/// The project with its components, each with change 0.
pub(super) fn platform(components: usize) -> String {
    let mut manifest = PLATFORM.to_owned();
    for component in 0..components {
        let name = name(component);
        manifest += &format!(
            "---
apiVersion: openchoreo.dev/v1alpha1
kind: Component
metadata: {{name: {name}, namespace: default}}
spec:
  owner: {{projectName: storm}}
  componentType: {{kind: ComponentType, name: deployment/order}}
  autoDeploy: true
---
{}",
            workload(component, 0)
        );
    }
    manifest
}

/// The component's workload with this change.
pub(super) fn workload(component: usize, change: usize) -> String {
    let name = name(component);
    format!(
        "apiVersion: openchoreo.dev/v1alpha1
kind: Workload
metadata: {{name: {name}, namespace: default}}
spec:
  owner: {{projectName: storm, componentName: {name}}}
  container: {{image: \"quintet.local/sample:1\", args: [\"{change}\"]}}
"
    )
}

/// What the watch saw.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen {
    /// Different changes.
    pub(super) applied: usize,
    /// Changes that came after a later one of their component.
    pub(super) disorders: Vec<String>,
    last: Vec<Option<usize>>,
}

/// A watch over the components' Deployments.
pub(super) struct Orders {
    seen: Arc<Mutex<Seen>>,
    watch: Child,
    reader: JoinHandle<()>,
}

impl Orders {
    pub(super) fn watch(world: &World, components: usize) -> Result<Self> {
        let cluster = cluster::find(&world.home, world.folder.name())?.context("the cluster")?;
        let columns = r"custom-columns=C:.metadata.labels.openchoreo\.dev/component,N:.spec.template.spec.containers[0].args[0]";
        let mut kubectl = cluster::kubectl(&world.home, &cluster.kubeconfig);
        kubectl.args([
            "get",
            "deployments",
            "-A",
            "--watch",
            "--no-headers",
            "-o",
            columns,
        ]);
        kubectl.args(["-l", "openchoreo.dev/project=storm"]);
        let mut watch = kubectl
            .stdout(Stdio::piped())
            .spawn()
            .context("kubectl get --watch")?;
        let out = BufReader::new(watch.stdout.take().context("its output")?);
        let seen = Arc::new(Mutex::new(Seen {
            last: vec![None; components],
            ..Seen::default()
        }));
        let shared = Arc::clone(&seen);
        let reader = thread::spawn(move || {
            let mut different = BTreeSet::new();
            for line in out.lines().map_while(Result::ok) {
                if let Ok((component, change)) = parse(&line) {
                    let mut seen = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    different.insert((component, change));
                    seen.applied = different.len();
                    seen.note(component, change);
                }
            }
        });
        Ok(Self {
            seen,
            watch,
            reader,
        })
    }

    /// The last change of each component that was seen.
    pub(super) fn last(&self) -> Vec<usize> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.last.iter().map(|it| it.unwrap_or_default()).collect()
    }

    /// Ends the watch.
    pub(super) fn finish(mut self) -> Result<Seen> {
        self.watch.kill()?;
        self.watch.wait()?;
        let _ended = self.reader.join();
        Ok(self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone())
    }
}

impl Seen {
    fn note(&mut self, component: usize, change: usize) {
        let Some(last) = self.last.get_mut(component) else {
            return;
        };
        if last.is_some_and(|it| it > change) {
            self.disorders
                .push(format!("{} {change} after {last:?}", name(component)));
        }
        *last = Some(change);
    }
}

fn parse(line: &str) -> Result<(usize, usize)> {
    let mut words = line.split_whitespace();
    let component = words
        .next()
        .and_then(|it| it.strip_prefix("storm-"))
        .context("component")?;
    Ok((number(component)?, number(words.next().context("change")?)?))
}

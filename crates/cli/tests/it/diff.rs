//! `diff` between two folders.

use crate::shop::{ALL, Shop};

const SERVICE: &str = "catalogue/40-component-type-service.yaml";
const OLD: &str = "--from old/catalogue --from old/greeter.yaml --from old/shop.yaml";

fn diff(shop: &Shop, more: &str) -> String {
    shop.quintet(&format!("diff {ALL} {OLD} {more}"))
}

/// A shop with its state from before beside it.
fn shop() -> Shop {
    let shop = Shop::new();
    shop.keep("old");
    shop
}

#[test]
fn the_same_files_do_not_differ() {
    insta::assert_snapshot!(diff(&shop(), ""));
}

#[test]
fn a_change_of_a_type_is_told_once_for_all_that_use_it() {
    let shop = shop();
    shop.edit(SERVICE, "default: IfNotPresent", "default: Always");
    insta::assert_snapshot!(diff(&shop, ""));
}

#[test]
fn a_change_of_a_trait_concerns_those_that_use_it() {
    let shop = shop();
    shop.edit(
        "catalogue/50-traits.yaml",
        "default: kubernetes.io/hostname",
        "default: topology.kubernetes.io/zone",
    );
    insta::assert_snapshot!(diff(&shop, "-e staging"));
}

#[test]
fn what_a_component_drops_and_gains_is_told() {
    let shop = shop();
    shop.edit(
        "shop.yaml",
        "    - kind: ClusterTrait\n      name: pod-spread\n      instanceName: spread\n",
        "",
    );
    insta::assert_snapshot!(diff(&shop, "-e staging"));
}

#[test]
fn a_change_of_a_project_type_concerns_every_cell() {
    let shop = shop();
    shop.edit(
        "catalogue/30-project-type.yaml",
        "          annotations: ${environmentConfigs.namespaceAnnotations}",
        "          annotations: {team: shop}",
    );
    insta::assert_snapshot!(diff(&shop, ""));
}

#[test]
fn what_does_not_compile_any_more_is_an_error_and_no_removal() {
    let shop = shop();
    shop.edit("shop.yaml", "replicas: 3", "replicas: many");
    insta::assert_snapshot!(diff(&shop, ""));
}

#[test]
fn an_environment_that_nothing_is_bound_to_is_an_error() {
    insta::assert_snapshot!(diff(&shop(), "-e elsewhere"));
}

#[test]
fn a_binding_keeps_its_release_when_only_what_happens_at_once_is_asked() {
    let shop = Shop::new();
    let release = "
---
apiVersion: openchoreo.dev/v1alpha1
kind: ComponentRelease
metadata:
  name: greeter-pinned
  namespace: default
spec:
  owner: {projectName: greeter, componentName: greeter}
  componentType:
    kind: ClusterComponentType
    name: deployment/service
    spec:
      workloadType: deployment
      resources:
        - id: deployment
          template:
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: \"${metadata.name}\", namespace: \"${metadata.namespace}\"}
            spec:
              selector: {matchLabels: \"${metadata.podSelectors}\"}
              template:
                metadata: {labels: \"${metadata.podSelectors}\"}
                spec: {containers: [{name: main, image: \"${workload.container.image}\"}]}
  workload:
    container: {image: \"quintet.local/greeter:0\"}
";
    let text = std::fs::read_to_string(shop.file("shop.yaml")).unwrap();
    std::fs::write(
        shop.file("shop.yaml"),
        format!(
            "{}\n  releaseName: greeter-pinned\n{release}",
            text.trim_end()
        ),
    )
    .unwrap();
    std::fs::create_dir(shop.file("old")).unwrap();
    for name in ["greeter.yaml", "shop.yaml"] {
        std::fs::copy(shop.file(name), shop.file(&format!("old/{name}"))).unwrap();
    }
    shop.edit("greeter.yaml", "greeter:1", "greeter:2");
    let from = "--from catalogue --from old/greeter.yaml --from old/shop.yaml";
    let sides = |more: &str| shop.quintet(&format!("diff {ALL} {from} {more}"));
    let pinned = sides("--pinned");
    assert!(
        pinned.contains("development: component greeter"),
        "{pinned}"
    );
    assert!(!pinned.contains("staging:"), "{pinned}");
    let promoted = sides("");
    assert!(
        promoted.contains("staging: component greeter"),
        "{promoted}"
    );
}

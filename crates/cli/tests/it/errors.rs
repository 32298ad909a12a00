//! An error of each kind, as the user sees it.

use crate::shop::Shop;

const SERVICE: &str = "catalogue/40-component-type-service.yaml";
const TRAITS: &str = "catalogue/50-traits.yaml";

/// Edits a file, renders staging, and shows what is told.
macro_rules! told {
    ($file:expr, $from:expr, $to:expr) => {{
        let shop = Shop::new();
        shop.edit($file, $from, $to);
        insta::assert_snapshot!(shop.problems("staging"));
    }};
}

#[test]
fn a_typo_in_a_template() {
    told!(
        SERVICE,
        "${environmentConfigs.replicas}",
        "${environmentConfig.replicas}"
    );
}

#[test]
fn a_field_that_a_schema_does_not_have() {
    told!(
        SERVICE,
        "${environmentConfigs.replicas}",
        "${environmentConfigs.replica}"
    );
}

#[test]
fn an_expression_that_does_not_parse() {
    told!(
        SERVICE,
        "${environmentConfigs.replicas}",
        "${environmentConfigs.replicas +}"
    );
}

#[test]
fn a_value_of_the_wrong_type() {
    told!("shop.yaml", "replicas: 3", "replicas: many");
}

#[test]
fn a_parameter_of_a_trait_that_is_missing() {
    told!("shop.yaml", "        name: CURRENCY\n", "");
}

#[test]
fn a_field_that_is_missing() {
    told!(
        "shop.yaml",
        "    image: shop.local/cart:7\n",
        "    args: [serve]\n"
    );
}

#[test]
fn a_field_that_nobody_knows() {
    told!(
        "shop.yaml",
        "  autoDeploy: true\n",
        "  autoDeploy: true\n  replicas: 2\n"
    );
}

#[test]
fn a_patch_that_matches_nothing() {
    told!(TRAITS, "[?(@.name=='main')]", "[?(@.name=='sidecar')]");
}

#[test]
fn a_rule_of_a_type_that_does_not_hold() {
    told!(
        "shop.yaml",
        "  endpoints:\n    http:\n      type: HTTP\n      port: 9000\n",
        ""
    );
}

#[test]
fn a_key_that_is_there_only_at_times() {
    told!(
        SERVICE,
        "${environmentConfigs.imagePullPolicy}",
        "${workload.endpoints[\"grpc\"].displayName}"
    );
}

#[test]
fn a_type_that_is_not_there() {
    told!(
        "shop.yaml",
        "name: deployment/service",
        "name: deployment/servise"
    );
}

#[test]
fn a_trait_that_is_not_allowed() {
    told!(
        SERVICE,
        "    - kind: ClusterTrait\n      name: pod-spread\n",
        ""
    );
}

#[test]
fn a_file_that_is_not_yaml() {
    told!(
        "shop.yaml",
        "kind: Component\n",
        "kind: Component\nkind: Component\n"
    );
}

#[test]
fn an_object_that_is_there_twice() {
    told!(
        "shop.yaml",
        "kind: ReleaseBinding\nmetadata:\n  name: cart-staging",
        "kind: ReleaseBinding\nmetadata:\n  name: greeter-staging"
    );
}

#[test]
fn an_environment_that_is_not_there() {
    insta::assert_snapshot!(Shop::new().problems("stageing"));
}

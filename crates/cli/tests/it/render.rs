//! `render`.

use serde_json::Value;

use crate::shop::{ALL, Shop};

#[test]
fn an_environment_is_rendered_without_a_server() {
    let said = Shop::new().quintet("render -f catalogue -f greeter.yaml -e development -c greeter");
    insta::assert_snapshot!(said);
}

#[test]
fn json_is_one_list_for_kubectl() {
    let said = Shop::new().quintet("render -f catalogue -f greeter.yaml -e development -o json");
    let json = said.strip_prefix("[said]\n").unwrap();
    let json = json.split("[told]").next().unwrap();
    let list: Value = serde_json::from_str(json).unwrap();
    assert_eq!(list["kind"], "List");
    let items = list["items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["kind"] == "Deployment"));
    assert!(items.iter().any(|item| item["kind"] == "Namespace"));
}

#[test]
fn a_connection_has_the_address_of_its_provider() {
    let said = Shop::new().quintet(&format!("render {ALL} -e staging -c cart"));
    let address = "http://greeter.dp-default-greeter-staging-";
    assert!(said.contains(address), "{said}");
    assert!(said.contains(".svc.cluster.local:8080"), "{said}");
}

#[test]
fn what_files_leave_out_is_made_and_said() {
    let shop = Shop::new();
    std::fs::remove_file(shop.file("catalogue/10-planes.yaml")).unwrap();
    std::fs::remove_file(shop.file("catalogue/20-environments.yaml")).unwrap();
    let said = shop.quintet("render -f catalogue -f greeter.yaml -e anywhere");
    assert!(said.contains("kind: HTTPRoute"), "{said}");
    let (_, told) = said.split_once("[told]\n").unwrap();
    insta::assert_snapshot!(told);
}

#[test]
fn a_folder_in_a_folder_is_read_when_asked() {
    let shop = Shop::new();
    std::fs::create_dir(shop.file("all")).unwrap();
    std::fs::rename(shop.file("catalogue"), shop.file("all/catalogue")).unwrap();
    std::fs::rename(shop.file("greeter.yaml"), shop.file("all/greeter.yaml")).unwrap();
    let flat = shop.quintet("render -f all -e development");
    assert!(flat.contains("not found"), "{flat}");
    let deep = shop.quintet("render -R -f all -e development");
    assert!(deep.ends_with("[ended with 0]\n"), "{deep}");
}

use testkit::kube::ApiServer;

#[test]
fn the_api_server_of_the_tests_has_a_kubeconfig() {
    let server = ApiServer::shared();
    let kubeconfig = std::fs::read_to_string(server.kubeconfig()).unwrap();
    assert!(kubeconfig.contains("server: https://"), "{kubeconfig}");
    assert_eq!(server.kubeconfig(), ApiServer::shared().kubeconfig());
}

#[test]
fn every_namespace_is_fresh() {
    let server = ApiServer::shared();
    let (a, b) = (server.fresh_namespace(), server.fresh_namespace());
    assert_ne!(a, b);
    assert!(
        a.len() <= 63
            && a.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    );
}

//! `diff` against a server.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use model::{Envelope, KindName, Scope};

use crate::shop::Shop;

/// Collections by path, as the gateway answers them: the first page has one object.
fn collections(shop: &Shop) -> BTreeMap<String, Vec<Value>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut files: Vec<_> = std::fs::read_dir(shop.file("catalogue"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.extend([shop.file("greeter.yaml"), shop.file("shop.yaml")]);
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        for document in model::yaml::documents(&text).unwrap() {
            let mut envelope = Envelope::from_document(&document, None).unwrap();
            let key = envelope.key.clone();
            envelope.metadata.uid.0 = format!("uid-{}", key.name);
            let plural = key.kind.plural(key.scope());
            let path = match (key.kind, key.scope()) {
                (KindName::Namespace, _) | (_, Scope::Cluster) => format!("/api/v1/{plural}"),
                (_, Scope::Namespaced) => {
                    let namespace = key.namespace.unwrap_or_default();
                    format!("/api/v1/namespaces/{namespace}/{plural}")
                }
            };
            all.entry(path).or_default().push(envelope.to_document());
        }
    }
    all
}

fn answer(stream: TcpStream, collections: &BTreeMap<String, Vec<Value>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request).unwrap_or(0) == 0 {
            return;
        }
        let mut header = String::new();
        while reader.read_line(&mut header).unwrap() > 2 {
            header.clear();
        }
        let target = request.split(' ').nth(1).unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let none = Vec::new();
        let items = collections.get(path).unwrap_or(&none);
        let page = match query {
            "" => json!({"items": items.iter().take(1).collect::<Vec<_>>(),
                "pagination": if items.len() > 1 { json!({"nextCursor": "1/2"}) } else { json!({}) }}),
            "cursor=1%2F2" => json!({"items": &items[1..], "pagination": {}}),
            other => panic!("{other} is not asked for"),
        };
        let body = page.to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json";
        let length = body.len();
        write!(
            reader.get_mut(),
            "{head}\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
    }
}

#[test]
fn files_are_compared_with_the_objects_of_a_server() {
    let shop = Shop::new();
    let collections = collections(&shop);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // It ends with the process: whoever waits for a connection cannot be told to stop.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(stream, &collections);
        }
    });
    let diff = || shop.quintet(&format!("diff --url {url} --token t -f shop.yaml"));
    let same = diff();
    assert!(same.contains("nothing differs"), "{same}");
    assert!(same.ends_with("[ended with 0]\n"), "{same}");
    shop.edit("shop.yaml", "cart:7", "cart:8");
    let spread = "    - kind: ClusterTrait\n      name: pod-spread\n      instanceName: spread\n";
    shop.edit("shop.yaml", spread, "");
    let changed = diff();
    assert!(
        changed.contains("+        image: shop.local/cart:8"),
        "{changed}"
    );
    // A removed object is shown whole: its labels have the identity that the server gave.
    let label = "-    openchoreo.dev/component-uid: uid-cart";
    assert!(changed.contains(label), "{changed}");
    assert!(changed.ends_with("[ended with 1]\n"), "{changed}");
}

#[test]
fn a_server_that_cannot_be_reached_is_an_error() {
    let said = Shop::new().quintet("diff --url http://127.0.0.1:1 --token t -f shop.yaml");
    assert!(said.contains("cannot be reached"), "{said}");
    assert!(said.ends_with("[ended with 2]\n"), "{said}");
}

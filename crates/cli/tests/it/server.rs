//! `diff` against a server: what is asked of it, and how its answer is shown.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::shop::Shop;

/// Answers one request, and returns its first line and body.
fn answer(stream: TcpStream, body: &Value) -> (String, Value) {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request).unwrap();
    let (mut length, mut header) = (0, String::new());
    while reader.read_line(&mut header).unwrap() > 2 {
        let (name, value) = header.split_once(':').unwrap();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
        header.clear();
    }
    let mut asked = vec![0; length];
    reader.read_exact(&mut asked).unwrap();
    let body = body.to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    let length = body.len();
    write!(
        reader.get_mut(),
        "{head}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    (request, serde_json::from_slice(&asked).unwrap())
}

/// What `diff` says to this answer, and what it asked.
fn diff(body: Value, more: &str) -> (String, (String, Value)) {
    let shop = Shop::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, asked) = mpsc::channel();
    // It ends with the process: whoever waits for a connection cannot be told to stop.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            sender.send(answer(stream, &body)).unwrap();
        }
    });
    let said = shop.quintet(&format!("diff --url {url} --token t -f shop.yaml {more}"));
    (said, asked.try_recv().unwrap())
}

fn comparison(groups: &Value, problems: &Value, hidden: u32) -> Value {
    json!({"groups": groups, "problems": problems, "environments": ["development"], "hidden": hidden})
}

#[test]
fn the_server_compares_every_document_of_the_files() {
    let nothing = comparison(&json!([]), &json!([]), 0);
    let (said, (request, asked)) = diff(nothing, "-e development --pinned");
    assert!(said.contains("nothing differs"), "{said}");
    assert!(said.ends_with("[ended with 0]\n"), "{said}");
    assert!(
        request.starts_with("POST /api/v1alpha1/preview/compare "),
        "{request}"
    );
    assert_eq!(asked["environment"], "development");
    assert_eq!(asked["pinned"], true);
    let first = &asked["drafts"][0];
    assert_eq!(first["source"], json!({"file": "shop.yaml", "document": 1}));
    assert_eq!(first["document"]["apiVersion"], "openchoreo.dev/v1alpha1");
}

#[test]
fn what_the_server_finds_is_shown_as_a_difference_of_files_is() {
    let subject = json!({"environment": "development", "namespace": "default",
        "project": "shop", "component": "cart"});
    let object = |image: &str| json!({"kind": "Deployment", "spec": {"image": image}});
    let groups = json!([{"concerned": [{"subject": subject, "object": "Deployment/cart"}],
        "before": object("cart:7"), "after": object("cart:8")}]);
    let (said, _) = diff(comparison(&groups, &json!([]), 2), "");
    assert!(said.contains("development: component cart"), "{said}");
    assert!(said.contains("+  image: cart:8"), "{said}");
    assert!(said.contains("2 more that you may not see"), "{said}");
    assert!(said.ends_with("[ended with 1]\n"), "{said}");
}

#[test]
fn a_problem_that_the_server_finds_is_told_with_the_file() {
    let problems = json!([{"object": {"kind": "Component", "namespace": "default", "name": "cart"},
        "source": {"file": "shop.yaml", "document": 3}, "path": "spec.parameters",
        "message": "replicas is no number", "hint": null, "subjects": []}]);
    let (said, _) = diff(comparison(&json!([]), &problems, 0), "");
    assert!(said.contains("in shop.yaml, document 3"), "{said}");
    assert!(said.ends_with("[ended with 2]\n"), "{said}");
}

#[test]
fn a_server_that_cannot_be_reached_is_an_error() {
    let said = Shop::new().quintet("diff --url http://127.0.0.1:1 --token t -f shop.yaml");
    assert!(said.contains("cannot be reached"), "{said}");
    assert!(said.ends_with("[ended with 2]\n"), "{said}");
}

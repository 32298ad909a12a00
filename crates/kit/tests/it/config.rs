use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use kit::config::{ByteSize, Error, ExposeSecret, HumanDuration, Secret, Sources, load, show};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    kit: kit::Config,
    store: Store,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Store {
    name: String,
    workers: u16,
    ratio: f64,
    limit: ByteSize,
    wait: HumanDuration,
    password: Secret,
    peers: Vec<Peer>,
    labels: BTreeMap<String, String>,
    database: Database,
    fallback: Option<Database>,
    bus: Bus,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            workers: 2,
            ratio: 0.5,
            limit: ByteSize::kib(64),
            wait: HumanDuration::from_secs(15),
            password: Secret::default(),
            peers: Vec::new(),
            labels: BTreeMap::new(),
            database: Database::Sqlite {
                path: "quintet.db".to_owned(),
                readers: 4,
            },
            fallback: None,
            bus: Bus::Embedded { port: 4222 },
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Peer {
    host: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Database {
    Memory,
    Sqlite { path: String, readers: u16 },
    Postgres { url: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Bus {
    Embedded { port: u16 },
    Remote { url: String },
}

/// What to look at: the YAML of one file, variables, arguments.
fn find(yaml: &str, variables: &[(&str, &str)], arguments: &[&str]) -> Result<Store, String> {
    let folder = testkit::tempdir();
    let path = folder.path().join("quintet.yaml");
    std::fs::write(&path, yaml).expect("the folder is ours");
    let variable = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let sources = Sources {
        files: vec![path],
        environment: variables.iter().map(variable).collect(),
        arguments: arguments
            .iter()
            .map(|&argument| argument.to_owned())
            .collect(),
    };
    let folder = folder.path().display().to_string();
    load::<Config>(&sources)
        .map(|(config, _)| config.store)
        .map_err(|error| kit::chain(&error).replace(&folder, "/etc"))
}

#[test]
fn later_sources_win_and_sections_are_merged() {
    let yaml = "store: {name: file, workers: 3, limit: 1MiB, wait: 1m}";
    let variables = [
        ("QUINTET_STORE__WORKERS", "4"),
        ("QUINTET_STORE__LIMIT", "2MiB"),
    ];
    let store = find(yaml, &variables, &["store.limit=3MiB"]).unwrap();
    assert_eq!(store.name, "file");
    assert_eq!(store.workers, 4);
    assert_eq!(store.limit, ByteSize::mib(3));
    assert_eq!(store.wait, HumanDuration::from_secs(60));
    assert_eq!(store.ratio, 0.5);
}

#[test]
fn a_later_file_wins() {
    let folder = testkit::tempdir();
    let mut sources = Sources::default();
    for (name, yaml) in [
        ("a", "store: {name: a, workers: 7}"),
        ("b", "store: {name: b}"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, yaml).unwrap();
        sources.files.push(path);
    }
    let (config, _) = load::<Config>(&sources).unwrap();
    assert_eq!((config.store.name.as_str(), config.store.workers), ("b", 7));
}

#[test]
fn the_section_of_kit_is_found() {
    let sources = Sources {
        arguments: vec!["kit.telemetry.log_level=debug".to_owned()],
        ..Sources::default()
    };
    let (config, kit) = load::<Config>(&sources).unwrap();
    assert_eq!(kit.telemetry.log_level, "debug");
    assert_eq!(config.kit, kit);
}

#[test]
fn texts_become_what_is_wanted_there() {
    let variables = [
        ("QUINTET_STORE__NAME", "007"),
        ("QUINTET_STORE__PASSWORD", "0123456789"),
        ("QUINTET_STORE__RATIO", "0.25"),
        ("QUINTET_STORE__PEERS", "[{host=a}, {host=b}]"),
        ("QUINTET_STORE__LABELS__PLANE", "true"),
    ];
    let store = find("", &variables, &["store.limit=4096"]).unwrap();
    assert_eq!(store.name, "007");
    assert_eq!(store.password.load().unwrap().expose_secret(), "0123456789");
    assert_eq!(store.ratio, 0.25);
    assert_eq!(store.limit, ByteSize(4096));
    assert_eq!(
        store
            .peers
            .iter()
            .map(|peer| peer.host.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(store.labels["plane"], "true");
}

#[test]
fn another_variant_replaces_the_whole_enum() {
    let postgres = Database::Postgres {
        url: "postgres://db".to_owned(),
    };
    let store = find(
        "store: {database: {postgres: {url: 'postgres://db'}}}",
        &[],
        &[],
    )
    .unwrap();
    assert_eq!(store.database, postgres);

    let store = find("store: {database: memory}", &[], &[]).unwrap();
    assert_eq!(store.database, Database::Memory);

    let store = find("", &[], &["store.fallback.postgres.url=postgres://db"]).unwrap();
    assert_eq!(store.fallback, Some(postgres));

    let store = find("store: {bus: {type: remote, url: nats://a}}", &[], &[]).unwrap();
    assert_eq!(
        store.bus,
        Bus::Remote {
            url: "nats://a".to_owned()
        }
    );
}

#[test]
fn the_same_variant_is_merged() {
    let store = find("store: {database: {sqlite: {path: a.db}}}", &[], &[]).unwrap();
    assert_eq!(
        store.database,
        Database::Sqlite {
            path: "a.db".to_owned(),
            readers: 4
        }
    );
    let store = find("", &[], &["store.bus.port=4333"]).unwrap();
    assert_eq!(store.bus, Bus::Embedded { port: 4333 });
}

#[test]
fn every_unknown_key_is_named_with_its_path_and_source() {
    let yaml = "foo: {bar: 1}\nstore: {peers: [{host: a}, {hosst: b}], labels: {any: thing}}";
    let error = find(
        yaml,
        &[("QUINTET_STORE__WORKRES", "3")],
        &["kit.admin.port=1"],
    )
    .unwrap_err();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(
        lines,
        [
            "`foo.bar` in the file `/etc/quintet.yaml`: there is no key `foo`; known there: kit, store",
            "`store.peers.1.hosst` in the file `/etc/quintet.yaml`: there is no key `hosst`; \
             known there: host",
            "`store.workres` in the environment variable `QUINTET_STORE__WORKRES`: \
             there is no key `workres`; known there: bus, database, fallback, labels, limit, name, \
             password, peers, ratio, wait, workers",
            "`kit.admin.port` in the argument `--set kit.admin.port`: there is no key `port`; \
             known there: listen",
        ]
    );
}

#[test]
fn an_unknown_section_is_named_down_to_the_key_that_was_written() {
    let error = find("", &[("QUINTET_FOO__BAR", "1")], &["foo.bar=1"]).unwrap_err();
    assert!(
        error.starts_with("`foo.bar` in the environment variable `QUINTET_FOO__BAR`"),
        "{error}"
    );
    assert!(
        error.contains("\n`foo.bar` in the argument `--set foo.bar`: there is no key `foo`"),
        "{error}"
    );
}

#[test]
fn a_wrong_value_is_named_with_its_path_and_source() {
    let check = |yaml: &str, arguments: &[&str], expected: &str| {
        let error = find(yaml, &[], arguments).unwrap_err();
        assert_eq!(error, expected);
    };
    check(
        "store: {workers: many}",
        &[],
        "`store.workers` in the file `/etc/quintet.yaml`: \
         invalid type: found string \"many\", expected u16",
    );
    check(
        "",
        &["store.wait=15"],
        "`store.wait` in the argument `--set store.wait`: \
         the duration `15` lacks a unit; write it as `15s` or `15ms`",
    );
    check(
        "store: {wait: 15}",
        &[],
        "`store.wait` in the file `/etc/quintet.yaml`: \
         the duration `15` lacks a unit; write it as `15s` or `15ms`",
    );
}

#[test]
fn a_secret_is_shown_by_neither_errors_nor_print() {
    let error = find("store: {password: 4711}", &[], &[]).unwrap_err();
    assert!(
        error.contains("store.password") && !error.contains("4711"),
        "{error}"
    );
    let broken = find("store: {password: hunter2, name: [}", &[], &[]).unwrap_err();
    assert!(
        broken.contains("quintet.yaml") && !broken.contains("hunter2"),
        "{broken}"
    );
    assert!(broken.contains("line 1"), "{broken}");

    let mut config = Config::default();
    config.store.password = Secret::from_value("hunter2");
    let shown = show(&config).unwrap();
    assert!(
        shown.contains("********") && !shown.contains("hunter2"),
        "{shown}"
    );
    assert!(
        shown.contains("wait: 15s") && shown.contains("limit: 64KiB"),
        "{shown}"
    );
}

#[test]
fn what_is_printed_is_read_back() {
    let shown = show(&Config::default()).unwrap();
    assert_eq!(find(&shown, &[], &[]).unwrap(), Store::default());
}

#[test]
fn variables_of_others_are_left_alone() {
    let variables = [
        ("QUINTET_GATEWAY_SERVICE_HOST", "10.0.0.1"),
        ("QUINTET_GATEWAY_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("STORE__WORKERS", "9"),
    ];
    assert_eq!(
        find("# nothing\n", &variables, &[]).unwrap(),
        Store::default()
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let sources = Sources {
        files: vec!["/no/such/file".into()],
        ..Sources::default()
    };
    let error = load::<Config>(&sources).unwrap_err();
    assert!(matches!(error, Error::File { .. }));
    assert!(error.to_string().contains("/no/such/file"), "{error}");
}

#[test]
fn an_argument_without_a_value_is_refused() {
    for argument in ["store.workers", "=3", "store..workers=3", ".=1"] {
        let error = find("", &[], &[argument]).unwrap_err();
        assert!(error.contains("--set section.key=value"), "{error}");
    }
}

//! The example `minimal` as a real process: its admin port, its signals, its exit codes.
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

use testkit::until;

pub(crate) const SOON: Duration = Duration::from_secs(20);

fn minimal() -> Command {
    let test = std::env::current_exe().expect("a test is a program");
    let build = test
        .ancestors()
        .nth(2)
        .expect("tests are in target/debug/deps");
    let program = build.join("examples/minimal");
    assert!(
        program.is_file(),
        "build it first: cargo build -p kit --example minimal"
    );
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).env_remove("RUST_LOG");
    command
}

fn finished(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output: Output = minimal().args(arguments).output().expect("it is a program");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A running process. It is killed when dropped.
pub(crate) struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    admin: String,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = minimal()
            .args(["--set", "kit.telemetry.log_format=json"])
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .expect("it is a program");
        let stderr = child.stderr.take().expect("it is piped");
        let mut running = Self {
            child,
            log: BufReader::new(stderr),
            admin: String::new(),
        };
        let line = running.log_line("listening for the admin port");
        let address = line["listen.address"]
            .as_str()
            .expect("the log names the port");
        running.admin = format!("http://{address}");
        running
    }

    /// The first line from here on with this message.
    fn log_line(&mut self, message: &str) -> serde_json::Value {
        let mut line = String::new();
        while self.log.read_line(&mut line).expect("the log is text") > 0 {
            let value: serde_json::Value = serde_json::from_str(&line).expect("the log is JSON");
            if value["message"] == message {
                return value;
            }
            line.clear();
        }
        panic!("the log ended without `{message}`");
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("there is a `kill`").success());
    }

    /// The exit code and the rest of the log.
    pub(crate) async fn end(mut self) -> (Option<i32>, String) {
        let child = &mut self.child;
        let ended = || std::future::ready(child.try_wait().expect("it is our child"));
        let status = until("the process ends", SOON, ended).await;
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).expect("the log is text");
        (status.code(), rest)
    }

    async fn ask(&self, path: &str) -> (u16, String) {
        let client = kit::http_client(SOON).expect("a client");
        let url = format!("{}{path}", self.admin);
        let response = client
            .get(url)
            .send()
            .await
            .expect("the admin port answers");
        (
            response.status().as_u16(),
            response.text().await.expect("it answers in text"),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has usually ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) async fn until_ready(running: &Running) {
    until("the process is ready", SOON, || async {
        (running.ask("/readyz").await.0 == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_admin_port_answers_and_sigterm_stops_the_process() {
    let running = Running::start(&["--set", "kit.telemetry.service_name=tried"]);
    until_ready(&running).await;
    assert_eq!(running.ask("/livez").await, (200, "alive\n".to_owned()));
    assert_eq!(running.ask("/readyz").await, (200, "ready\n".to_owned()));
    assert_eq!(running.ask("/nothing").await.0, 404);

    until("a run is measured", SOON, || async {
        let (_, metrics) = running.ask("/metrics").await;
        let count = "wake_run_duration_seconds_count{outcome=\"idle\"";
        (metrics.contains(count) && metrics.contains("service_name=\"tried\"")).then_some(())
    })
    .await;

    let (_, report) = running.ask("/tasks").await;
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let names = report["tasks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|task| &task["name"]);
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["admin", "count", "work", "open"]
    );
    assert_eq!(report["tasks"][2]["state"], "running");
    assert_eq!(report["wakes"][0]["runs"], 1);
    assert_eq!(report["wakes"][0]["last_outcome"], "idle");

    running.signal("TERM");
    let (code, rest) = running.end().await;
    assert_eq!(code, Some(0), "{rest}");
    assert!(rest.contains("\"message\":\"stopped\""), "{rest}");
}

#[tokio::test]
async fn the_log_level_changes_while_the_process_runs() {
    let mut running = Running::start(&[]);
    let url = format!("{}/log-level", running.admin);
    let put = |directives: &'static str| {
        let client = kit::http_client(SOON).expect("a client");
        let request = client.put(&url).body(directives);
        async {
            request
                .send()
                .await
                .expect("the admin port answers")
                .status()
                .as_u16()
        }
    };
    assert_eq!(put("info,kit=loud").await, 400);
    assert_eq!(put("debug").await, 204);
    assert_eq!(
        running.log_line("the log level was changed")["log.level"],
        "debug"
    );
    running.signal("INT");
    assert_eq!(running.end().await.0, Some(0));
}

#[tokio::test]
async fn a_task_that_ends_unasked_makes_the_exit_code_nonzero() {
    let mut running = Running::start(&["--set", "work.mode=nervous"]);
    let line = running.log_line("panic: too much work");
    assert!(
        line["panic.location"]
            .as_str()
            .is_some_and(|l| l.contains("minimal.rs")),
        "{line}"
    );
    let (code, rest) = running.end().await;
    assert_eq!(code, Some(1));
    assert!(
        rest.contains("the task `work` panicked: too much work"),
        "{rest}"
    );
}

#[tokio::test]
async fn a_service_that_cannot_start_says_why() {
    let running = Running::start(&["--set", "work.mode=lame"]);
    let (code, rest) = running.end().await;
    assert_eq!(code, Some(1));
    assert!(rest.contains("there is nothing to work on"), "{rest}");
}

#[tokio::test]
async fn what_does_not_stop_is_dropped_after_the_grace_period() {
    let arguments = [
        "--set",
        "work.mode=stubborn",
        "--set",
        "kit.shutdown.grace=50ms",
    ];
    let running = Running::start(&arguments);
    until_ready(&running).await;
    running.signal("TERM");
    let (code, rest) = running.end().await;
    assert_eq!(code, Some(0));
    assert!(rest.contains("\"task.names\":\"work\""), "{rest}");
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let arguments = [
        "--set",
        "work.mode=stubborn",
        "--set",
        "kit.shutdown.grace=1h",
    ];
    let mut running = Running::start(&arguments);
    until_ready(&running).await;
    running.signal("TERM");
    running.log_line("stopping");
    running.signal("TERM");
    let (code, rest) = running.end().await;
    assert_eq!(code, Some(1), "{rest}");
    assert!(rest.contains("a second signal (SIGTERM)"), "{rest}");
}

#[tokio::test]
async fn a_taken_admin_port_is_named_with_who_holds_it() {
    let first = Running::start(&[]);
    let address = first.admin.trim_start_matches("http://");
    let listen = format!("kit.admin.listen={address}");
    let (code, _, log) = finished(&["--set", &listen]);
    assert_eq!(code, Some(1));
    assert!(
        log.contains(&format!("cannot listen on {address} for the admin port")),
        "{log}"
    );
    assert!(
        log.contains(&format!("the process {} (minimal)", first.child.id())),
        "{log}"
    );
}

#[test]
fn a_wrong_configuration_is_refused_before_anything_starts() {
    let (code, _, error) = finished(&["--set", "work.perriod=3s"]);
    assert_eq!(code, Some(2));
    assert!(
        error.starts_with("minimal: `work.perriod` in the argument"),
        "{error}"
    );

    let (code, _, error) = finished(&["--set", "kit.telemetry.log_level=a=b=c"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("is no log level"), "{error}");

    let (code, _, error) = finished(&["--no-such-argument"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("--no-such-argument"), "{error}");
}

#[test]
fn the_configuration_can_be_checked_printed_and_described() {
    let set = ["--set", "work.token=hunter2"];
    let (code, text, _) = finished(&[&set[..], &["--check-config"]].concat());
    assert_eq!(
        (code, text.as_str()),
        (Some(0), "the configuration is valid\n")
    );

    let (code, text, _) = finished(&[&set[..], &["--print-config"]].concat());
    assert_eq!(code, Some(0));
    assert!(
        text.contains("period: 1m") && text.contains("********"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");

    let (code, text, _) = finished(&["--config-schema"]);
    assert_eq!(code, Some(0));
    let schema: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(schema["properties"]["work"].is_object(), "{text}");

    let (code, text, _) = finished(&["--version"]);
    assert_eq!(
        (code, text.trim()),
        (Some(0), concat!("minimal ", env!("CARGO_PKG_VERSION")))
    );
}

#[tokio::test]
async fn an_unreachable_collector_holds_up_neither_start_nor_end() {
    let endpoint = format!(
        "kit.telemetry.otlp_endpoint=http://{}",
        testkit::free_address()
    );
    let running = Running::start(&["--set", &endpoint]);
    until_ready(&running).await;
    running.signal("TERM");
    let (code, rest) = running.end().await;
    assert_eq!(code, Some(0), "{rest}");
}

//! A real browser, driven by WebDriver: Debian's chromium without a screen.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use xtask::{cluster::build, http, progress::Step};

use crate::wait;

/// How long the browser may take to start.
const START: Duration = Duration::from_secs(30);

/// One window. It is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
}

impl Browser {
    /// Starts it, and installs it where it is missing.
    pub(crate) fn start(step: &Step) -> Result<Self> {
        let packages = [
            ("chromium", "chromium"),
            ("chromedriver", "chromium-driver"),
        ];
        build::install(&packages, step)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver (Debian package chromium-driver)")?;
        let mut browser = Self {
            driver,
            address: (Ipv4Addr::LOCALHOST, port).into(),
            session: String::new(),
        };
        let options = json!({"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000"]});
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let (made, _) = wait::until(START, "the browser starts", || {
            browser.send("POST", "/session", &wanted)
        })?;
        let id = made["sessionId"].as_str().context("no session")?;
        browser.session = format!("/session/{id}");
        Ok(browser)
    }

    /// Opens an address.
    pub(crate) fn open(&self, url: &str) -> Result<()> {
        let path = format!("{}/url", self.session);
        self.send("POST", &path, &json!({"url": url})).map(drop)
    }

    /// What a script returns, run in the page.
    pub(crate) fn run(&self, script: &str, arguments: &[&str]) -> Result<Value> {
        let path = format!("{}/execute/sync", self.session);
        self.send("POST", &path, &json!({"script": script, "args": arguments}))
    }

    /// The text that a reader of the page sees.
    pub(crate) fn text(&self) -> Result<String> {
        let text = self.run("return document.body.innerText", &[])?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let answer = http::write_as(self.address, "none", method, path, &body.to_string())?;
        let mut read: Value = serde_json::from_str(&answer.body)
            .with_context(|| format!("{path} answered {}", answer.status))?;
        ensure!(answer.status == 200, "{path}: {}", read["value"]["message"]);
        Ok(read["value"].take())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends its browser with the session; where it cannot, it ends with the driver.
        if !self.session.is_empty() {
            let _ = self.send("DELETE", &self.session, &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

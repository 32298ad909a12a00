//! A request to something on this machine, without a client library: one question, no keep-alive.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result};

/// An answer takes no longer than this.
const LIMIT: Duration = Duration::from_secs(15);

/// An answer of an HTTP server.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body, as it came (a chunked body keeps its chunk lines).
    pub body: String,
}

/// Asks `address` for `path` with this `Host` header; gives up after a deadline.
///
/// # Errors
/// Nobody answers there, or what answers is not HTTP.
pub fn ask(address: SocketAddr, host: &str, path: &str) -> Result<Answer> {
    send(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
    )
}

/// Asks with a bearer token.
///
/// # Errors
/// As [`ask`].
pub fn ask_as(address: SocketAddr, token: &str, path: &str) -> Result<Answer> {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    send(
        address,
        &format!("{head}Authorization: Bearer {token}\r\n\r\n"),
    )
}

/// Sends JSON with this method and a bearer token.
///
/// # Errors
/// As [`ask`].
pub fn write_as(
    address: SocketAddr,
    token: &str,
    method: &str,
    path: &str,
    json: &str,
) -> Result<Answer> {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    let kind = format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\n",
        json.len()
    );
    send(
        address,
        &format!("{head}{kind}Authorization: Bearer {token}\r\n\r\n{json}"),
    )
}

/// An answer up to its length, or to the end of the connection: not everybody closes it when asked to.
fn read(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    let mut part = [0; 16 * 1024];
    loop {
        let got = stream.read(&mut part)?;
        answer.extend_from_slice(&part[..got]);
        if got == 0 || whole(&answer).is_some_and(|whole| answer.len() >= whole) {
            return Ok(answer);
        }
    }
}

/// The length of an answer that says it.
fn whole(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))?;
    Some(head + 4 + length.trim().parse::<usize>().ok()?)
}

fn send(address: SocketAddr, request: &str) -> Result<Answer> {
    let limit = LIMIT;
    let mut stream = TcpStream::connect_timeout(&address, limit)
        .with_context(|| format!("connect to {address}"))?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    stream.write_all(request.as_bytes())?;
    let answer = read(&mut stream).with_context(|| format!("read from {address}"))?;
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.with_context(|| format!("{address} does not speak HTTP"))?;
    Ok(Answer {
        status,
        body: body.to_owned(),
    })
}

//! Server-sent events from a response.

use anyhow::Result;
use futures::StreamExt;

/// One event.
#[derive(Debug, Default)]
pub(crate) struct Event {
    /// Its name.
    pub(crate) name: String,
    /// Its data.
    pub(crate) data: String,
}

/// Calls `each` with every event until it gives false or the stream ends.
pub(crate) async fn events(
    response: reqwest::Response,
    mut each: impl FnMut(Event) -> Result<bool>,
) -> Result<()> {
    let mut chunks = response.bytes_stream();
    let mut rest: Vec<u8> = Vec::new();
    while let Some(chunk) = chunks.next().await {
        rest.extend_from_slice(&chunk?);
        while let Some(end) = rest.windows(2).position(|pair| pair == b"\n\n") {
            let text = String::from_utf8_lossy(&rest[..end]).into_owned();
            rest.drain(..end + 2);
            if !each(parse(&text))? {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn parse(text: &str) -> Event {
    let mut event = Event::default();
    for line in text.lines() {
        let Some((field, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut event.name),
            "data" => {
                if !event.data.is_empty() {
                    event.data.push('\n');
                }
                event.data.push_str(value);
            }
            _ => {}
        }
    }
    event
}

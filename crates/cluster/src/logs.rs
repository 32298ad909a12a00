//! The logs of one container, as they are written.

use futures::{AsyncBufReadExt, Stream, StreamExt, stream::BoxStream};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::LogParams};

use crate::{ApiKind, Cluster, Error, ObjectId, Result, error::about};

/// Which logs are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow {
    /// Namespace of the pod.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// Only lines after this; the server's granularity is a second, so some may come again.
    pub since: Option<Timestamp>,
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When the container's runtime took it.
    pub at: Timestamp,
    /// Its text, cut at 64 KiB.
    pub text: String,
}

/// The lines of a log, until its container ends or the connection does.
pub type Lines = BoxStream<'static, Result<Line>>;

const LONGEST_LINE: usize = 64 * 1024;

impl Cluster {
    /// Follows the log of a container.
    ///
    /// # Errors
    /// Those of a call.
    pub async fn follow(&self, follow: &Follow) -> Result<Lines> {
        let id = ObjectId {
            kind: std::sync::Arc::new(ApiKind::new("", "v1", "Pod")),
            namespace: Some(follow.namespace.clone()),
            name: follow.pod.clone(),
        };
        let pods: Api<Pod> = Api::namespaced(self.0.client.clone(), &follow.namespace);
        let params = LogParams {
            container: Some(follow.container.clone()),
            follow: true,
            since_time: follow.since,
            timestamps: true,
            ..LogParams::default()
        };
        let open = async {
            pods.log_stream(&follow.pod, &params)
                .await
                .map_err(|error| about(&id, error))
        };
        let reader = self.in_time(&id.to_string(), open).await?;
        Ok(lines(reader, id.to_string()).boxed())
    }
}

fn lines(
    reader: impl futures::AsyncBufRead + Send + 'static,
    what: String,
) -> impl Stream<Item = Result<Line>> + Send {
    let state = (Box::pin(reader), Vec::new(), what);
    futures::stream::unfold(state, |(mut reader, mut buffer, what)| async move {
        loop {
            buffer.clear();
            match read_line(&mut reader, &mut buffer).await {
                Ok(false) => return None,
                Ok(true) => {
                    if let Some(line) = parse(&buffer) {
                        return Some((Ok(line), (reader, buffer, what)));
                    }
                }
                Err(error) => {
                    let error = Error::Unavailable {
                        message: format!("the log of {what} broke off: {error}"),
                    };
                    return Some((Err(error), (reader, buffer, what)));
                }
            }
        }
    })
}

/// Reads up to the next line feed, keeping no more than the longest line. False at the end.
async fn read_line(
    reader: &mut (impl futures::AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
) -> std::io::Result<bool> {
    let mut any = false;
    loop {
        let chunk = reader.fill_buf().await?;
        if chunk.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(chunk.len());
        let room = LONGEST_LINE.saturating_sub(line.len());
        line.extend_from_slice(&chunk[..taken.min(room)]);
        let used = end.map_or(taken, |end| end + 1);
        reader.consume_unpin(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

fn parse(line: &[u8]) -> Option<Line> {
    let text = String::from_utf8_lossy(line);
    let (at, text) = text
        .trim_end_matches('\r')
        .split_once(' ')
        .unwrap_or((text.trim_end(), ""));
    Some(Line {
        at: at.parse().ok()?,
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_told_apart_and_cut() {
        let long = "x".repeat(2 * LONGEST_LINE);
        let text = format!(
            "2026-01-01T00:00:00.5Z first line\nno time\n2026-01-01T00:00:01Z {long}\n2026-01-01T00:00:02Z \n"
        );
        let reader = futures::io::Cursor::new(text.into_bytes());
        let lines: Vec<Line> = lines(reader, "a pod".into())
            .map(Result::unwrap)
            .collect()
            .await;
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].text, "first line");
        assert!(lines[1].text.len() < LONGEST_LINE);
        assert_eq!(lines[2].text, "");
    }
}

//! Writes an answer.

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    Malformed,
    NotFound,
    WrongMethod,
    Slow,
    TooLarge,
    Unready,
    UnsupportedVersion,
}

impl Status {
    const fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::Malformed => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::WrongMethod => "405 Method Not Allowed",
            Self::Slow => "408 Request Timeout",
            Self::TooLarge => "431 Request Header Fields Too Large",
            Self::Unready => "503 Service Unavailable",
            Self::UnsupportedVersion => "505 HTTP Version Not Supported",
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Response {
    status: Status,
    content_type: &'static str,
    body: String,
}

impl Response {
    pub(super) fn new(status: Status, content_type: &'static str, body: String) -> Self {
        Self {
            status,
            content_type,
            body,
        }
    }

    pub(super) fn text(status: Status, body: impl Into<String>) -> Self {
        Self::new(status, TEXT, body.into())
    }

    pub(super) fn json(status: Status, body: String) -> Self {
        Self::new(status, JSON, body)
    }

    /// An answer that says no more than its status.
    pub(super) fn plain(status: Status) -> Self {
        Self::text(status, format!("{}\n", status.line()))
    }

    /// Writes it, and says that nothing follows.
    pub(super) async fn write(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        is_head: bool,
    ) -> std::io::Result<()> {
        let allow = match self.status {
            Status::WrongMethod => "Allow: GET, HEAD\r\n",
            _ => "",
        };
        let mut text = format!(
            "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n{allow}Connection: close\r\n\r\n",
            self.status.line(),
            self.content_type,
            self.body.len(),
        );
        if !is_head {
            text.push_str(&self.body);
        }
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await
    }
}

//! Reads the head of a request.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::response::Status;

/// How long a head may be.
pub(super) const LONGEST_HEAD: usize = 8 * 1024;

/// How many header fields it may have.
const MOST_FIELDS: usize = 64;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Whether the answer's body is left out.
    pub(super) is_head: bool,
    /// The target's path, without its query.
    pub(super) path: String,
    /// What stands behind the question mark.
    pub(super) query: String,
}

/// Why there is no request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The client gets an answer.
    Answer(Status),
    /// The client has gone.
    Gone,
}

/// Reads until the head is complete. A body is neither expected nor read.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Request, Refused> {
    let mut head = Vec::with_capacity(1024);
    loop {
        let read = stream.read_buf(&mut head).await;
        if !matches!(read, Ok(1..)) {
            return Err(Refused::Gone);
        }
        if let Some(request) = parse(&head).map_err(Refused::Answer)? {
            return Ok(request);
        }
        if head.len() >= LONGEST_HEAD {
            return Err(Refused::Answer(Status::TooLarge));
        }
    }
}

/// Parses a head; `None` while it is not complete.
fn parse(head: &[u8]) -> Result<Option<Request>, Status> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(head) {
        Ok(httparse::Status::Complete(length)) if length > LONGEST_HEAD => {
            return Err(Status::TooLarge);
        }
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Status::TooLarge),
        Err(httparse::Error::Version) => return Err(Status::UnsupportedVersion),
        Err(_) => return Err(Status::Malformed),
    }
    // RFC 9112, 3.2: a request of version 1.1 without exactly one Host is answered by 400.
    let hosts = request
        .headers
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case("host"))
        .count();
    if request.version == Some(1) && hosts != 1 {
        return Err(Status::Malformed);
    }
    let is_head = match request.method {
        Some("GET") => false,
        Some("HEAD") => true,
        _ => return Err(Status::WrongMethod),
    };
    let target = request.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = path_of(path).ok_or(Status::Malformed)?;
    Ok(Some(Request {
        is_head,
        path: path.to_owned(),
        query: query.to_owned(),
    }))
}

/// The path of a target in origin form or absolute form (RFC 9112, 3.2.2).
fn path_of(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return Some(target);
    }
    let (_, rest) = target.split_once("://")?;
    Some(rest.find('/').map_or("/", |at| &rest[at..]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(text: &str) -> Result<Option<Request>, Status> {
        parse(text.as_bytes())
    }

    #[test]
    fn a_target_is_a_path_and_a_query() {
        for (target, path, query) in [
            ("/metrics", "/metrics", ""),
            ("/profile?format=text", "/profile", "format=text"),
            ("http://localhost:9464/ready?a?b", "/ready", "a?b"),
            ("http://localhost:9464", "/", ""),
        ] {
            let text = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            let request = request(&text).unwrap().unwrap();
            assert_eq!(
                (request.path.as_str(), request.query.as_str()),
                (path, query)
            );
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for (text, status) in [
            ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", Status::WrongMethod),
            ("GET / HTTP/1.1\r\n\r\n", Status::Malformed),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                Status::Malformed,
            ),
            ("GET metrics HTTP/1.0\r\n\r\n", Status::Malformed),
            ("GET / HTTP/2.0\r\n\r\n", Status::UnsupportedVersion),
            ("\u{16}\u{3}\u{1}", Status::Malformed),
        ] {
            assert_eq!(request(text), Err(status), "{text:?}");
        }
        assert!(request("GET / HTTP/1.0\r\n\r\n").unwrap().is_some());
        let fields = "a: b\r\n".repeat(MOST_FIELDS + 1);
        let text = format!("GET / HTTP/1.0\r\n{fields}\r\n");
        assert_eq!(request(&text), Err(Status::TooLarge));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            drop(parse(&bytes));
        }

        #[test]
        fn a_head_is_complete_at_its_end_and_never_before(cut in 1_usize..44) {
            let text = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
            let found = request(&text[..text.len().saturating_sub(cut)]).unwrap();
            prop_assert!(found.is_none());
        }
    }
}

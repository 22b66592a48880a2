//! What a server says that no request asked for.

use crate::answer::End;
use crate::protocol::Violation;
use crate::server_error::ServerError;

/// Is told what a server says unasked. The methods are called by the task that moves the connection's bytes: they should
/// be quick, and must not block.
pub trait Observer: Send + Sync + 'static {
    /// A notice or a warning. It may hold values, as an error may.
    fn notice(&self, notice: &ServerError) {
        let _ = notice;
    }

    /// A notification of a channel that the session listens to. Only PostgreSQL sends them.
    fn notification(&self, notification: &Notification<'_>) {
        let _ = notification;
    }

    /// The connection has ended.
    fn ended(&self, end: &End) {
        let _ = end;
    }
}

/// A NotificationResponse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notification<'a> {
    /// The process id of the session that notified.
    pub process_id: i32,
    /// The channel.
    pub channel: &'a str,
    /// What was given with it; empty when nothing was.
    pub payload: &'a str,
}

impl<'a> Notification<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Violation> {
        let bad = Violation("a malformed NotificationResponse");
        let (process_id, texts) = body.split_first_chunk::<4>().ok_or(bad)?;
        let mut texts = texts
            .strip_suffix(b"\0")
            .ok_or(bad)?
            .split(|&byte| byte == 0);
        let (Some(channel), Some(payload), None) = (texts.next(), texts.next(), texts.next())
        else {
            return Err(bad);
        };
        Ok(Self {
            process_id: i32::from_be_bytes(*process_id),
            channel: std::str::from_utf8(channel).map_err(|_| bad)?,
            payload: std::str::from_utf8(payload).map_err(|_| bad)?,
        })
    }
}

use crate::protocol::Violation;

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

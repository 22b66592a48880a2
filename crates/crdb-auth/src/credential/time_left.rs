use std::time::Duration;

/// How long the credentials that are in use still hold: see [`Connector::time_left`](crate::Connector::time_left). Zero where one
/// has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeLeft {
    /// The client certificate's. `None` without one, and until it has been read.
    pub certificate: Option<Duration>,
    /// The Kerberos ticket's that was acquired by a keytab, and is renewed ahead of its end. `None` without a keytab, and until
    /// there is a ticket. The ticket of a cache is looked after by the program that fills the cache.
    pub ticket: Option<Duration>,
}

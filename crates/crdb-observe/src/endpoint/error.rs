//! Why an endpoint cannot be served.

use std::net::SocketAddr;
use std::{fmt, io};

/// The endpoint's address could not be bound.
#[derive(Debug)]
pub struct Error {
    address: SocketAddr,
    source: io::Error,
}

impl Error {
    pub(super) fn new(address: SocketAddr, source: io::Error) -> Self {
        Self { address, source }
    }

    /// The address that was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether another program listens there.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.source.kind() == io::ErrorKind::AddrInUse
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the endpoint cannot listen on {}", self.address)?;
        match self.source.kind() {
            io::ErrorKind::AddrInUse => {
                f.write_str(": another program does; choose another port, or 0 for any free one")
            }
            _ => write!(f, ": {}", self.source),
        }
    }
}

// The message tells the cause, so that no chain of errors tells it again.
impl std::error::Error for Error {}

//! From an endpoint to a connected socket.

mod dial;
mod dialler;
mod later;
mod socket;
mod socket_options;
mod transport;

pub(crate) use dial::{Peer, dial, dial_peer, resolve};
pub use dialler::{DialFuture, DialledStream, Dialler};
pub(crate) use later::later;
pub(crate) use socket::Socket;
pub use socket_options::SocketOptions;
pub(crate) use transport::Transport;

//! From an endpoint to a connected socket.

mod dial;
mod later;
mod socket_options;
mod transport;

pub(crate) use dial::{Peer, dial, dial_peer, resolve};
pub(crate) use later::later;
pub use socket_options::SocketOptions;
pub(crate) use transport::Transport;

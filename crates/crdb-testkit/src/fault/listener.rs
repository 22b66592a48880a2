//! The port of a fault proxy, and who gets in.

use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::{self, Open, Tap};
use super::settings::{Accept, Counts, Settings};
use super::wire::Wire;
use crate::error::{Error, ErrorKind};

/// Keeps a port while no server listens on it: a socket that is bound and does not listen makes the kernel refuse
/// connections, and with `SO_REUSEPORT` a listening one can join it.
#[derive(Debug)]
pub(super) struct PortHolder {
    _bound: Socket,
    address: SocketAddr,
}

impl PortHolder {
    pub(super) fn new() -> Result<Self, Error> {
        let bound = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = bound
            .local_addr()
            .map_err(cannot_listen)?
            .as_socket()
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Io,
                    "the socket of 127.0.0.1 has no Internet address",
                )
            })?;
        Ok(Self {
            _bound: bound,
            address,
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(super) fn listen(&self) -> Result<TcpListener, Error> {
        let socket = bind(self.address)?;
        socket.listen(1024).map_err(cannot_listen)?;
        socket.set_nonblocking(true).map_err(cannot_listen)?;
        TcpListener::from_std(socket.into()).map_err(cannot_listen)
    }
}

fn bind(address: SocketAddr) -> Result<Socket, Error> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).map_err(cannot_listen)?;
    socket.set_reuse_port(true).map_err(cannot_listen)?;
    socket.bind(&address.into()).map_err(cannot_listen)?;
    Ok(socket)
}

fn cannot_listen(source: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, "cannot listen on 127.0.0.1").with_source(source)
}

/// What decides who gets in.
pub(super) struct Gate {
    pub(super) holder: PortHolder,
    pub(super) upstream: (String, u16),
    pub(super) settings: watch::Receiver<Settings>,
    pub(super) counts: watch::Sender<Counts>,
    pub(super) wire: Wire,
    /// Tells the number of the last change of [`Settings::accept`] that holds.
    pub(super) apply: watch::Sender<u64>,
}

impl Gate {
    /// Serves until it is aborted, which ends all connections too.
    pub(super) async fn serve(mut self, listener: TcpListener) {
        let mut listener = Some(listener);
        let mut connections = JoinSet::new();
        loop {
            let (accept, number) = {
                let settings = self.settings.borrow_and_update();
                (settings.accept, settings.accept_number)
            };
            match (accept, &listener) {
                (Accept::Refuse, Some(_)) => listener = None,
                (Accept::Refuse, None) | (_, Some(_)) => {}
                (_, None) => match self.holder.listen() {
                    Ok(again) => listener = Some(again),
                    Err(error) => {
                        tracing::error!(%error, "the fault proxy cannot listen again");
                        return;
                    }
                },
            }
            self.apply.send_replace(number);
            tokio::select! {
                biased;
                changed = self.settings.changed() => if changed.is_err() { return },
                Some(_) = connections.join_next() => {}
                accepted = next(listener.as_ref()) => match accepted {
                    Ok(client) => {
                        self.counts.send_modify(|counts| counts.accepted += 1);
                        let tap = Tap {
                            connection: self.counts.borrow().accepted,
                            counts: self.counts.clone(),
                            wire: self.wire.clone(),
                        };
                        let (upstream, settings) = (self.upstream.clone(), self.settings.clone());
                        connections.spawn(admit(client, upstream, settings, tap));
                    }
                    Err(error) => tracing::warn!(%error, "the fault proxy lost a connection while accepting it"),
                },
            }
        }
    }
}

async fn next(listener: Option<&TcpListener>) -> std::io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

async fn admit(
    client: TcpStream,
    upstream: (String, u16),
    mut settings: watch::Receiver<Settings>,
    tap: Tap,
) {
    let counts = &tap.counts;
    let cuts_before = settings.borrow().cut_number();
    let open = Open::count(counts);
    loop {
        let (accept, cut) = {
            let settings = settings.borrow_and_update();
            (
                settings.accept,
                settings.cut_now.filter(|(number, _)| *number > cuts_before),
            )
        };
        if let Some((_, cut)) = cut {
            counts.send_modify(|counts| counts.cut += 1);
            connection::end(&client, cut).await;
            return;
        }
        match accept {
            Accept::Forward => break,
            Accept::Close => return,
            // A connection that was in the queue when the port closed.
            Accept::Reset | Accept::Refuse => return reset(&client),
            Accept::Blackhole => {
                if settings.changed().await.is_err() {
                    return;
                }
            }
        }
    }
    match TcpStream::connect((upstream.0.as_str(), upstream.1)).await {
        Ok(server) => {
            counts.send_modify(|counts| counts.forwarded += 1);
            connection::forward(client, server, cuts_before, settings, &tap).await;
        }
        Err(error) => {
            tracing::debug!(%error, "the fault proxy cannot reach its server");
            counts.send_modify(|counts| counts.unreachable += 1);
            reset(&client);
        }
    }
    drop(open);
}

/// Makes the kernel reset the connection when it is closed.
pub(super) fn reset(stream: &TcpStream) {
    if let Err(error) = SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO)) {
        tracing::warn!(%error, "a connection is closed instead of reset");
    }
}

//! How a TCP connection notices that its peer is gone.

use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::defaults;

const SECOND: Duration = Duration::from_secs(1);
/// The kernel refuses more (`MAX_TCP_KEEPIDLE` and its siblings in Linux' include/net/tcp.h).
const MOST_KEEPALIVE: Duration = Duration::from_secs(32_767);
const MOST_RETRIES: u32 = 127;
/// The kernel counts milliseconds in an `int`.
#[cfg(target_os = "linux")]
const MOST_USER_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

/// TCP keepalive and user timeout.
///
/// Values beyond what the kernel takes (a second to nine hours, 127 probes) have the effect of the nearest one that it takes.
///
/// Without them a connection to a vanished node hangs for two hours (idle) or a quarter of an
/// hour (waiting for an acknowledgement), so both are on by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketOptions {
    keepalive_idle: Option<Duration>,
    keepalive_interval: Duration,
    keepalive_retries: u32,
    user_timeout: Option<Duration>,
}

impl Default for SocketOptions {
    /// First probe after 30 s of silence, then every 10 s, three in all; data unacknowledged for
    /// 30 s ends the connection.
    fn default() -> Self {
        Self {
            keepalive_idle: defaults::KEEPALIVE_IDLE,
            keepalive_interval: defaults::KEEPALIVE_INTERVAL,
            keepalive_retries: defaults::KEEPALIVE_RETRIES,
            user_timeout: defaults::TCP_USER_TIMEOUT,
        }
    }
}

impl SocketOptions {
    /// Silence before the first keepalive probe, in whole seconds; `None` sends no probes.
    #[must_use]
    pub fn keepalive_idle(mut self, idle: Option<Duration>) -> Self {
        self.keepalive_idle = idle;
        self
    }

    /// Time between probes, in whole seconds.
    #[must_use]
    pub fn keepalive_interval(mut self, interval: Duration) -> Self {
        self.keepalive_interval = interval;
        self
    }

    /// Unanswered probes after which the connection is dead.
    #[must_use]
    pub fn keepalive_retries(mut self, retries: u32) -> Self {
        self.keepalive_retries = retries;
        self
    }

    /// How long sent data may stay unacknowledged (`TCP_USER_TIMEOUT`, Linux only), in
    /// milliseconds; `None` leaves it to the kernel.
    #[must_use]
    pub fn user_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.user_timeout = timeout;
        self
    }

    pub(crate) fn apply(&self, stream: &TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let socket = SockRef::from(stream);
        if let Some(idle) = self.keepalive_idle {
            let keepalive = TcpKeepalive::new()
                .with_time(idle.clamp(SECOND, MOST_KEEPALIVE))
                .with_interval(self.keepalive_interval.clamp(SECOND, MOST_KEEPALIVE))
                .with_retries(self.keepalive_retries.clamp(1, MOST_RETRIES));
            socket.set_tcp_keepalive(&keepalive)?;
        }
        #[cfg(target_os = "linux")]
        if let Some(timeout) = self.user_timeout {
            socket.set_tcp_user_timeout(Some(timeout.min(MOST_USER_TIMEOUT)))?;
        }
        Ok(())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_defaults_reach_the_socket() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        SocketOptions::default().apply(&stream).unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        assert_eq!(
            socket.tcp_keepalive_time().unwrap(),
            Duration::from_secs(30)
        );
        assert_eq!(
            socket.tcp_user_timeout().unwrap(),
            Some(Duration::from_secs(30))
        );
        for duration in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            let options = SocketOptions::default()
                .keepalive_idle(Some(duration))
                .keepalive_interval(duration)
                .user_timeout(Some(duration));
            for retries in [0, u32::MAX] {
                options.keepalive_retries(retries).apply(&stream).unwrap();
            }
        }
    }
}

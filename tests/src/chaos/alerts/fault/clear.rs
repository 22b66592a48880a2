//! A server that offers no TLS.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Refuses TLS, and passes on everything else.
pub(super) struct Server {
    port: u16,
    serving: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(host: String, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let own = listener.local_addr()?.port();
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let host = host.clone();
                connections.spawn(async move {
                    // A client that goes away ends its connection, and nothing else.
                    drop(serve(client, &host, port).await);
                });
            }
        });
        Ok(Self { port: own, serving })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut client: TcpStream, host: &str, port: u16) -> std::io::Result<()> {
    // SSLRequest: its length, 8, and the code 80877103.
    let mut request = [0; 8];
    client.read_exact(&mut request).await?;
    let mut server = TcpStream::connect((host, port)).await?;
    if request[4..] == 80_877_103_u32.to_be_bytes() {
        client.write_all(b"N").await?;
    } else {
        server.write_all(&request).await?;
    }
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

//! A collector: takes what comes by OTLP over HTTP, and prints a line for each batch.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::Failure;
use crate::node::read_head;

/// Serves on OTLP's port for HTTP until the process is ended.
pub(crate) async fn serve() -> Result<(), Failure> {
    let listener = TcpListener::bind(("0.0.0.0", 4318)).await?;
    let mut end = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = end.recv() => return Ok(()),
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                tokio::spawn(async move {
                    if let Err(error) = take(stream).await {
                        println!("a connection ended: {error}");
                    }
                });
            }
        }
    }
}

/// Answers each request of a connection with an empty message, which says that everything was taken.
async fn take(stream: TcpStream) -> Result<(), Failure> {
    let mut stream = BufReader::new(stream);
    while let Some(head) = read_head(&mut stream).await? {
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim())
        });
        let mut body = vec![0; length.ok_or("a body without a length")?.parse()?];
        stream.read_exact(&mut body).await?;
        let path = head.split(' ').nth(1).unwrap_or_default();
        println!("{path}: {} bytes", body.len());
        stream
            .write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n",
            )
            .await?;
    }
    Ok(())
}

//! Serves PostgreSQL on a loopback port until standard input ends, so that it cannot outlive who started it.
//!
//! Prints one line, `PORT`, when it is ready. It is reached without TLS by user `postgres`, database `template1`, any
//! password, and serves one session at a time. What it stores lies in one temporary directory, which it removes.

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};

use pglite_oxide::PgliteServer;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let server = PgliteServer::builder()
        .path(directory.path().join("data"))
        .tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .start()?;
    let address = server.tcp_addr().ok_or("the engine listens on no port")?;
    let mut output = io::stdout();
    writeln!(output, "{}", address.port())?;
    output.flush()?;

    // The parent holds the other end; when the parent is gone, however it ended, this read ends.
    io::stdin().read_to_end(&mut Vec::new())?;
    server.shutdown()?;
    directory.close()?;
    Ok(())
}

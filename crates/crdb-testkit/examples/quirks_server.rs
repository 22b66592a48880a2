//! A PostgreSQL with CockroachDB's habits, to point anything at: `cargo run -p crdb-testkit --example quirks_server -- v22.1`.
//!
//! Starts PostgreSQL and a quirks proxy in front of it, prints a URL for each way in, and serves until its input ends or
//! it is interrupted; nothing stays behind either way. The release is one of `CockroachVersion::ALL`, the newest by default. Set
//! `CRDB_TEST_URL` to one of the URLs, and tests that use this kit take it for a CockroachDB that is run elsewhere.

#![allow(clippy::print_stdout, reason = "an example talks to people")]

use std::io::Write as _;

use crdb_testkit::{
    CockroachVersion, Engine, EngineChoice, EngineOptions, Login, QuirksOptions, QuirksProxy,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let version = match std::env::args().nth(1) {
        Some(version) => version.parse()?,
        None => CockroachVersion::default(),
    };
    let options = EngineOptions::default().choice(EngineChoice::Postgres);
    let engine = Engine::try_start(options).await?;
    let proxy = QuirksProxy::start(&engine, QuirksOptions::default().version(version)).await?;

    let place = format!("localhost:{}/{}", proxy.port(), engine.database());
    let ca = engine.ca_cert_path().display();
    let (user, password) = (engine.user(), engine.password());
    let plain = engine.login(Login::Trust).user();
    println!("{} as {}", engine.choice(), version.banner());
    println!(
        "secure    postgresql://{user}:{password}@{place}?sslmode=verify-full&sslrootcert={ca}"
    );
    println!("insecure  postgresql://{user}:{password}@{place}?sslmode=disable");
    println!("unprivileged  postgresql://{plain}@{place}?sslmode=disable");
    println!("Ends with its input, or by Ctrl-C.");
    std::io::stdout().flush()?;

    // Reading blocks, so a thread of its own does it.
    let ended =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    ended.await??;
    Ok(())
}

//! Uses crdb-testkit alone.

use crdb_testkit::{Engine, EngineOptions, Error, FaultProxy};

/// An engine, and a proxy in front of it.
pub async fn engine() -> Result<(Engine, FaultProxy), Error> {
    let engine = Engine::try_start(EngineOptions::default()).await?;
    let proxy = FaultProxy::start(engine.host(), engine.port())?;
    Ok((engine, proxy))
}

//! Running the tests against the quirks proxy, as one release after the other.

use std::ffi::OsString;
use std::io::Write as _;

use anyhow::Result;
use crdb_testkit::{
    CockroachVersion, Engine, EngineChoice, EngineOptions, QuirksOptions, QuirksProxy,
};

/// What names the release that a quirks proxy of a test speaks like.
const RELEASE: &str = "CRDB_TEST_QUIRKS";

/// What names a server to use instead of starting one.
const SERVER: &str = "CRDB_TEST_URL";

/// The environment in which test programs find an imitated CockroachDB, by the release's name.
pub(super) type Environment = Vec<(&'static str, OsString)>;

/// Starts PostgreSQL, and a proxy for each release in turn, and has `run` run the tests in that environment.
pub(super) fn each(
    releases: &[String],
    mut run: impl FnMut(&str, &Environment) -> Result<()> + Send,
) -> Result<()> {
    let releases = named(releases)?;
    crate::runtime::block_on(async move {
        let choice = EngineOptions::default().choice(EngineChoice::Postgres);
        let engine = Engine::try_start(choice).await?;
        for release in releases {
            let options = QuirksOptions::default().version(release);
            let proxy = QuirksProxy::start(&engine, options).await?;
            let place = format!("localhost:{}", proxy.port());
            let own = format!("{}:{}", engine.host(), engine.port());
            let url = engine.url(engine.database()).replacen(&own, &place, 1);
            let environment = vec![(RELEASE, release.series().into()), (SERVER, url.into())];
            println!("test: the quirks proxy as {release}");
            std::io::stdout().flush()?;
            tokio::task::block_in_place(|| run(release.series(), &environment))?;
        }
        Ok(())
    })
}

fn named(releases: &[String]) -> Result<Vec<CockroachVersion>> {
    if releases.iter().any(|release| release == "all") {
        return Ok(CockroachVersion::ALL.to_vec());
    }
    releases.iter().map(|name| Ok(name.parse()?)).collect()
}

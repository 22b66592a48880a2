//! Other pools in the same outage, set up as their adapters for PostgreSQL set them up, with the checks that they have.

use super::outage::{ALLOWED, Contender, Race, SESSIONS};
use crdb_benches::pools::live::{Bb8, Deadpool, LivePool, Opening, Sqlx};
use crdb_benches::tls::Tls;
use crdb_testkit::{Engine, FaultProxy, Login};

/// A peer as it is measured in the benchmarks.
struct Peer<P>(P);

impl<P: LivePool> Contender for Peer<P> {
    type Session = P::Session;

    async fn get(&self) -> Option<P::Session> {
        self.0.get().await.ok()
    }

    fn socket(session: &P::Session) -> Option<u64> {
        P::number(session)
    }

    async fn ask(session: &mut P::Session) -> bool {
        P::ask(session).await.is_ok()
    }

    /// There is nothing that a user of these pools would say about a session: it is dropped.
    fn give_back(session: P::Session, _answered: bool) {
        drop(session);
    }
}

/// Enters bb8, deadpool and sqlx.
///
/// # Errors
/// When one of them cannot be filled.
pub async fn enter(mut race: Race, engine: &Engine) -> anyhow::Result<Race> {
    enter_one::<Bb8>(&mut race, engine).await?;
    enter_one::<Deadpool>(&mut race, engine).await?;
    enter_one::<Sqlx>(&mut race, engine).await?;
    Ok(race)
}

async fn enter_one<P: LivePool>(race: &mut Race, engine: &Engine) -> anyhow::Result<()> {
    let proxy = FaultProxy::start(engine.host(), engine.port())?;
    let (user, password) = match engine.try_login(Login::Trust) {
        Some(login) => (login.user(), ""),
        None => (engine.user(), engine.password()),
    };
    let opening = Opening {
        host: proxy.host().to_owned(),
        port: proxy.port(),
        user: user.to_owned(),
        password: password.to_owned(),
        database: engine.database().to_owned(),
        tls: Tls::of(engine),
        sessions: SESSIONS,
        patience: ALLOWED,
        check: true,
    };
    let pool = P::open(opening)
        .await
        .map_err(|error| anyhow::anyhow!("{}: {error}", P::NAME))?;
    race.enter(P::NAME, Peer(pool), proxy);
    Ok(())
}

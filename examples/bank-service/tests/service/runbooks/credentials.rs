//! Certificates and keytabs that are replaced, and a KDC that does not answer.

use std::path::Path;
use std::time::Duration;

use crdb_testkit::{Engine, Login};

use super::bed::until;
use super::page::{Page, Places, values};
use crate::replica::{Replica, request};

const LEFT: &str = "crdb_auth_credential_left_seconds";
const RELOADS: &str = "crdb_auth_reload_failures_total";
const HOUR: f64 = 3600.0;

/// A replica that logs in as the engine's user for this login.
async fn start(
    engine: &Engine,
    login: Login,
    proof: &str,
    directory: &Path,
    variables: &[(&str, &str)],
) -> (Replica, crdb_testkit::Database) {
    let database = engine.create_database().await;
    let settings = format!(
        "listen: 127.0.0.1:1\ndatabase:\n  auth:\n    nodes: [localhost:{}]\n    user: {}\n    database: {}\n    {proof}\n  \
         pool: {{ acquire_timeout: 2s }}\n  observe: {{ endpoint: {{ listen: '127.0.0.1:0' }} }}\n",
        engine.port(),
        login.user(),
        database.name()
    );
    let replica = Replica::start(directory, &settings, variables).await;
    replica.until_ready(204).await;
    (replica, database)
}

/// Ends all sessions of a database, so that the service has to log in.
async fn end_sessions(engine: &Engine, database: &crdb_testkit::Database) {
    let text = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}'",
        database.name()
    );
    engine.execute(&text).await.unwrap();
}

async fn works(replica: &Replica) -> bool {
    let answer = request(replica.address, "GET", "/accounts", None, "").await;
    answer.is_some_and(|(status, _)| status == 200)
}

#[tokio::test]
async fn a_rotated_certificate_is_used_by_the_next_login() {
    let engine = Engine::shared_postgres().await;
    let directory = tempfile::tempdir().unwrap();
    let issue = |hours: f64| {
        let user = Login::Certificate.user();
        let valid = Duration::from_secs_f64(hours * HOUR);
        let issued = engine.authority().client_valid_for(user, valid).unwrap();
        issued.write(directory.path(), "new").unwrap();
        for end in ["key", "crt"] {
            let [new, used] =
                ["new", "client"].map(|name| directory.path().join(format!("{name}.{end}")));
            std::fs::rename(new, used).unwrap();
        }
    };
    issue(2.0);
    let files = directory.path().display();
    let proof = format!(
        "tls: {{ root_certificates: [{}], client_certificate: {files}/client.crt, client_key: {files}/client.key }}",
        engine.ca_cert_path().display()
    );
    let (replica, database) =
        start(engine, Login::Certificate, &proof, directory.path(), &[]).await;
    let page = Page::named("certificate-and-keytab-rotation");
    let places = Places::of(&replica, directory.path(), database.url());
    let said = page.say("Look", "credential_left_seconds", &places).await;
    let left = values(&said, LEFT, "credential=\"certificate\"");
    assert!(
        matches!(left[..], [left] if left > HOUR && left <= 2.0 * HOUR),
        "{said}"
    );

    issue(10.0);
    end_sessions(engine, &database).await;
    let renewed = |metrics: &str| {
        values(metrics, LEFT, "")
            .iter()
            .any(|left| *left > 9.0 * HOUR)
    };
    let (_, ()) = tokio::join!(works(&replica), until(&replica, "it is used", renewed));
    assert!(works(&replica).await, "{}", replica.log());
    let said = page.say("Over", "reload_failures", &places).await;
    assert_eq!(
        values(&said, RELOADS, "").iter().sum::<f64>(),
        0.0,
        "{said}"
    );
}

#[cfg(feature = "kerberos")]
mod kerberos {
    use crdb_testkit::{EngineChoice, EngineOptions, Kdc, KdcOptions};

    use super::{
        Duration, Engine, LEFT, Login, Page, Places, end_sessions, start, until, values, works,
    };

    const CONNECTS: &str = "crdb_auth_connect_seconds_count";
    /// Long enough for a slow machine to look at it, and short enough to wait for its end.
    const LIFE: Duration = Duration::from_secs(8);

    #[tokio::test]
    async fn a_keytab_is_rotated_and_the_kdc_is_down() {
        let mut kdc = Kdc::start(KdcOptions::default().ticket_life(LIFE)).await;
        let options = EngineOptions::default()
            .choice(EngineChoice::Postgres)
            .kerberos(&kdc);
        let engine = Engine::start(options).await;
        let directory = tempfile::tempdir().unwrap();
        let user = Login::Kerberos.user();
        let proof = format!(
            "kerberos: {{ keytab: {}, principal: {user}@{} }}\n    tls: {{ root_certificates: [{}] }}",
            kdc.keytab_path(user).display(),
            kdc.realm(),
            engine.ca_cert_path().display()
        );
        // The file that is shipped for Kubernetes, with this realm's name and place.
        let shipped =
            include_str!("../../../../../deploy/kubernetes/components/kerberos/krb5.conf");
        let here = format!("127.0.0.1:{}", kdc.port());
        let krb5 = shipped
            .replace("EXAMPLE.COM", kdc.realm())
            .replace("kdc.kerberos.svc", &here);
        std::fs::write(kdc.config_path(), krb5).unwrap();
        let environment = kdc.environment();
        let environment: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let (replica, database) = start(
            &engine,
            Login::Kerberos,
            &proof,
            directory.path(),
            &environment,
        )
        .await;
        let places = Places::of(&replica, directory.path(), database.url());
        let down = Page::named("kdc-down");
        let said = down.say("Look", LEFT, &places).await;
        let left = values(&said, LEFT, "credential=\"ticket\"");
        assert!(
            matches!(left[..], [left] if left > 0.0 && left <= LIFE.as_secs_f64()),
            "{said}"
        );

        // The new key, and its keytab by a rename. The next ticket is gotten by it.
        kdc.change_key(user).unwrap();
        kdc.keytab(user).unwrap();
        tokio::time::sleep(LIFE).await;
        end_sessions(&engine, &database).await;
        assert!(works(&replica).await, "{}", replica.log());

        // Sessions that are open go on, and so do logins while the ticket holds.
        kdc.stop();
        assert!(works(&replica).await, "{}", replica.log());
        // The second in which a ticket ends is still its own.
        tokio::time::sleep(LIFE + Duration::from_secs(1)).await;
        assert!(works(&replica).await, "an open session: {}", replica.log());
        end_sessions(&engine, &database).await;
        assert!(!works(&replica).await, "it logged in without a ticket");
        let fails = |metrics: &str| {
            let logins = values(metrics, CONNECTS, "kerberos_kdc_unreachable");
            logins.iter().sum::<f64>() > 0.0
        };
        let calls = async {
            loop {
                assert!(!works(&replica).await, "it logged in without a ticket");
            }
        };
        tokio::select! {
            () = until(&replica, "the KDC is missed", fails) => {}
            () = calls => {}
        }
        let said = down.say("Look", CONNECTS, &places).await;
        let unreachable = values(&said, CONNECTS, "kerberos_kdc_unreachable");
        assert!(unreachable.iter().sum::<f64>() > 0.0, "{said}");
        let left = values(&said, LEFT, "");
        assert!(left.iter().all(|left| *left <= 0.0), "{said}");
        let said = down.say("Look", "crdb_pool_sessions", &places).await;
        for state in ["idle", "in_use"] {
            let sessions = values(&said, "crdb_pool_sessions", state);
            assert_eq!(sessions, [0.0], "none to live on: {said}");
        }

        kdc.resume().unwrap();
        let renewed = |metrics: &str| values(metrics, LEFT, "").iter().any(|left| *left > 0.0);
        let logs_in = async { while !works(&replica).await {} };
        tokio::join!(logs_in, until(&replica, "the ticket is renewed", renewed));
    }
}

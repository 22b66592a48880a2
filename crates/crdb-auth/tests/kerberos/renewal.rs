//! Tickets and keytabs that change while a connector is in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crdb_auth::{Endpoint, ErrorKind, Kerberos, TlsConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::realm::{Realm, config, connector, endpoint, principal, without_server};

pub(crate) async fn a_replaced_keytab_is_read_again(realm: Realm) {
    let engine = realm.engine().await;
    let path = realm.keytab("current");
    std::fs::copy(realm.keytab("app"), &path).unwrap();
    let connector = connector(config(&engine, "app", Kerberos::keytab(&path)));
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Another principal's key, under the same path: the login that follows is as that one.
    let next = realm.keytab("next");
    std::fs::copy(realm.keytab("stranger"), &next).unwrap();
    std::fs::rename(&next, &path).unwrap();
    let error = connector.connect(&endpoint(&engine)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KerberosNotMapped, "{error}");
}

/// With `CRDB_TEST_LONG` set it is half an hour with tickets that live a minute.
pub(crate) async fn tickets_are_renewed_under_load(realm: Realm) {
    let engine = Arc::new(realm.engine().await);
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    let (life, run) = if long { (60, 1800) } else { (6, 20) };
    let (life, run) = (Duration::from_secs(life), Duration::from_secs(run));
    let command = format!("modprinc -maxlife {}s app", life.as_secs());
    realm.kdc.administer(&command).unwrap();
    let connector = connector(config(&engine, "app", realm.by_keytab("app")));
    let until = Instant::now() + run;
    let logins = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (connector, engine, logins) =
                (connector.clone(), Arc::clone(&engine), Arc::clone(&logins));
            tokio::spawn(async move {
                let mut slowest = Duration::ZERO;
                let mut pace = tokio::time::interval(Duration::from_millis(25));
                while Instant::now() < until {
                    pace.tick().await;
                    let start = Instant::now();
                    connector.connect(&endpoint(&engine)).await.unwrap();
                    slowest = slowest.max(start.elapsed());
                    logins.fetch_add(1, Ordering::Relaxed);
                }
                slowest
            })
        })
        .collect();
    let mut slowest = Duration::ZERO;
    for task in tasks {
        slowest = slowest.max(task.await.unwrap());
    }
    let tickets = realm.logged(&["AS_REQ", "ISSUE", "app@"]);
    let logins = logins.load(Ordering::Relaxed);
    assert!(tickets >= 3, "{tickets} tickets in {logins} logins");
    // Not one per login, and not one per task when a ticket ends.
    assert!(tickets < 12 || long, "{tickets} tickets");
    println!("row R11: figure logins = {logins}");
    println!("row R11: figure tickets = {tickets}");
    println!(
        "row R11: figure slowest login = {:.1} ms",
        slowest.as_secs_f64() * 1000.0
    );
    println!("row R11: done {} minutes", run.as_secs() / 60);
}

/// Kubernetes swaps `..data`, and a deployment's script writes in place: both while the KDC may be down.
pub(crate) async fn a_ticket_is_used_while_it_lives_whatever_becomes_of_the_keytab(
    mut realm: Realm,
) {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let engine = realm.engine().await;
    let content = std::fs::read(realm.keytab("app")).unwrap();
    let directory = realm.keytab("mounted");
    let write = |version: &str, content: &[u8]| {
        let directory = directory.join(version);
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("app.keytab");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    };
    let point_at = |version: &str| {
        let next = directory.join("..data_tmp");
        symlink(version, &next).unwrap();
        std::fs::rename(&next, directory.join("..data")).unwrap();
    };
    write("..1", &content);
    point_at("..1");
    let path = directory.join("..data/app.keytab");
    let connector = connector(config(&engine, "app", Kerberos::keytab(&path)));
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    realm.kdc.stop();

    // Touched.
    write("..1", &content);
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Half written.
    write("..1", &content[..content.len() / 2]);
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Empty.
    write("..1", b"");
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Swapped.
    write("..2", &content);
    point_at("..2");
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Accessible to all.
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Gone.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");

    realm.kdc.resume().unwrap();
    write("..3", &content);
    point_at("..3");
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
}

/// As a machine that sleeps for an hour: the wall clock goes on, the monotonic one does not.
pub(crate) async fn a_ticket_that_ended_while_the_machine_slept_is_replaced(realm: Realm) {
    realm.kdc.administer("modprinc -maxlife 120s app").unwrap();
    let connector = connector(without_server(realm.by_keytab("app")));
    let issued = || realm.logged(&["AS_REQ", "ISSUE", "app@"]);
    connector.prepare().await.unwrap();
    connector.prepare().await.unwrap();
    assert_eq!(issued(), 1);

    let before = std::time::SystemTime::now();
    let clock = std::env::var_os("FAKETIME_TIMESTAMP_FILE").unwrap();
    std::fs::write(clock, "+3600s\n").unwrap();
    let slept = before.elapsed().unwrap();
    assert!(slept > Duration::from_secs(3000), "the clock is not faked");
    connector.prepare().await.unwrap();
    assert_eq!(issued(), 2, "{}", realm.kdc.log());
}

/// The server's clock may be ahead: it says *expired* of a ticket that lives by this machine's clock.
pub(crate) async fn a_ticket_that_the_server_calls_expired_is_replaced_at_once(realm: Realm) {
    let engine = realm.engine().await;
    let issued = || realm.logged(&["AS_REQ", "ISSUE", "app@"]);
    let login = async |kerberos: Kerberos, refusals: usize| {
        let server = calls_tickets_expired(engine.port(), refusals).await;
        let plain = config(&engine, "app", kerberos.permit_without_tls(true));
        let connector = connector(plain.tls(TlsConfig::disabled()));
        connector.prepare().await.unwrap();
        connector.connect(&Endpoint::new("localhost", server)).await
    };
    login(realm.by_keytab("app"), 0).await.unwrap();
    assert_eq!(issued(), 1);
    // One ticket to prepare, and another one in its place.
    login(realm.by_keytab("app"), 1).await.unwrap();
    assert_eq!(issued(), 3, "{}", realm.kdc.log());
    // Not without end.
    let error = login(realm.by_keytab("app"), usize::MAX).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KerberosExpired, "{error}");
    assert_eq!(issued(), 5, "{}", realm.kdc.log());
    // Another program's ticket is not this one's to replace.
    let status = std::process::Command::new("kinit")
        .args(["-k", "-t"])
        .arg(realm.keytab("app"))
        .arg("app")
        .status();
    assert!(status.unwrap().success());
    let error = login(Kerberos::default_cache(), 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KerberosExpired, "{error}");
    assert_eq!(issued(), 6, "{}", realm.kdc.log());
}

/// Says as many times that the ticket has expired, as MIT's library does on a server; then hands connections on.
async fn calls_tickets_expired(engine: u16, refusals: usize) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        for number in 0.. {
            let (mut client, _) = listener.accept().await.unwrap();
            if number < refusals {
                refuse_as_expired(&mut client).await.unwrap();
                continue;
            }
            tokio::spawn(async move {
                let mut server = TcpStream::connect(("127.0.0.1", engine)).await.unwrap();
                drop(copy_bidirectional(&mut client, &mut server).await);
            });
        }
    });
    port
}

async fn refuse_as_expired(client: &mut TcpStream) -> std::io::Result<()> {
    let length = client.read_u32().await? as usize;
    client.read_exact(&mut vec![0; length - 4]).await?;
    // AuthenticationGSS.
    client.write_all(b"R\0\0\0\x08\0\0\0\x07").await?;
    assert_eq!(client.read_u8().await?, b'p');
    let length = client.read_u32().await? as usize;
    client.read_exact(&mut vec![0; length - 4]).await?;
    // AuthenticationGSSContinue with what the library of the server gives back (RFC 1964, 1.1.3), and PostgreSQL's refusal.
    let token = expired_token();
    let mut answer = b"R".to_vec();
    answer.extend_from_slice(&u32::try_from(8 + token.len()).unwrap().to_be_bytes());
    answer.extend_from_slice(&8_u32.to_be_bytes());
    answer.extend_from_slice(&token);
    let fields = b"SFATAL\0C28000\0MGSSAPI authentication failed for user \"app\"\0\0";
    answer.push(b'E');
    answer.extend_from_slice(&u32::try_from(4 + fields.len()).unwrap().to_be_bytes());
    answer.extend_from_slice(fields);
    client.write_all(&answer).await?;
    client.shutdown().await
}

/// A KRB-ERROR (RFC 4120, 5.9.1) of KRB_AP_ERR_TKT_EXPIRED, as a token of GSSAPI.
fn expired_token() -> Vec<u8> {
    let tagged = |tag: u8, content: &[u8]| {
        let mut der = vec![tag, u8::try_from(content.len()).unwrap()];
        der.extend_from_slice(content);
        der
    };
    let fields = [
        tagged(0xa0, &[2, 1, 5]),
        tagged(0xa1, &[2, 1, 30]),
        tagged(0xa4, &tagged(0x18, b"20300101000000Z")),
        tagged(0xa5, &[2, 1, 0]),
        tagged(0xa6, &[2, 1, 32]),
        tagged(0xa9, &tagged(0x1b, b"CRDB.TEST")),
        tagged(
            0xaa,
            &tagged(
                0x30,
                &[
                    tagged(0xa0, &[2, 1, 1]),
                    tagged(0xa1, &tagged(0x30, &tagged(0x1b, b"postgres"))),
                ]
                .concat(),
            ),
        ),
    ];
    let error = tagged(0x7e, &tagged(0x30, &fields.concat()));
    // The mechanism of Kerberos, and the number of an error's token.
    let mechanism = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2];
    tagged(0x60, &[&mechanism[..], &[3, 0], &error].concat())
}

//! Requests to two replicas of the service, while something is taken away.
#![allow(
    clippy::disallowed_methods,
    reason = "no async thread is blocked here; a condition is asked for again after a moment"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

/// For hangs only.
const LIMIT: Duration = Duration::from_secs(90);

const CLIENTS: usize = 6;
const EACH: usize = 60;
const ACCOUNTS: usize = 8;

/// Says that something held.
pub(super) fn held(what: &str) {
    println!("ok: {what}");
}

/// Asks until it is so.
///
/// # Errors
/// When asking fails, or it is not so within a minute and a half.
pub(super) fn wait(what: &str, mut reached: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + LIMIT;
    while !reached()? {
        ensure!(
            Instant::now() < end,
            "{what}: not within {} s",
            LIMIT.as_secs()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Transfers over both replicas. A client without an answer repeats its request, with the same key, at the other one. `lose` is called
/// when a quarter is done. `sql` asks the database, and gives the first cell of the answer.
///
/// # Errors
/// When a request is refused for good, or what was acknowledged is not there once.
pub(super) fn transfers(
    replicas: [SocketAddr; 2],
    sql: impl Fn(&str) -> Result<String>,
    what: &str,
    lose: impl FnOnce() -> Result<()>,
) -> Result<()> {
    open_accounts(replicas[1])?;
    sql("UPDATE accounts SET balance = 1000")?;
    let work = Work {
        replicas,
        ..Work::default()
    };
    std::thread::scope(|scope| -> Result<()> {
        for client in 0..CLIENTS {
            let work = &work;
            scope.spawn(move || work.client(client));
        }
        let worked = (|| {
            wait("a quarter of the transfers", || {
                Ok(work.done.load(Ordering::Relaxed) * 4 >= CLIENTS * EACH)
            })?;
            lose()?;
            wait("all transfers", || {
                let failed = work.wrong.lock().is_ok_and(|wrong| !wrong.is_empty());
                Ok(failed || work.done.load(Ordering::Relaxed) == CLIENTS * EACH)
            })
        })();
        work.stop.store(true, Ordering::Relaxed);
        worked
    })?;
    let wrong = work.wrong.into_inner().unwrap_or_default();
    ensure!(
        wrong.is_empty(),
        "transfers were refused: {}",
        wrong.join("; ")
    );
    let count = sql("SELECT count(*) FROM transfers")?;
    ensure!(
        count == (CLIENTS * EACH).to_string(),
        "{} transfers were acknowledged, {count} are there",
        CLIENTS * EACH
    );
    let broken = sql("SELECT count(*) FROM accounts WHERE balance <> 1000 \
         + (SELECT COALESCE(sum(amount), 0) FROM transfers WHERE target = number) \
         - (SELECT COALESCE(sum(amount), 0) FROM transfers WHERE source = number)")?;
    ensure!(
        broken == "0",
        "{broken} balances are not what the transfers say"
    );
    held(&format!(
        "{what} under load: {count} transfers acknowledged, each there once; {} were repeated",
        work.repeated.load(Ordering::Relaxed)
    ));
    Ok(())
}

fn open_accounts(replica: SocketAddr) -> Result<()> {
    let customer = json!({ "name": "Ada", "email": "ada@example.com", "country": "GB" });
    let (status, body) = post(replica, "/customers", None, &customer)?;
    ensure!(status == 200, "a customer: {status} {body}");
    let customer: Value = serde_json::from_str(&body)?;
    for number in 0..ACCOUNTS {
        let account = json!({ "number": format!("A{number}"), "customer_id": customer["id"] });
        let (status, body) = post(replica, "/accounts", None, &account)?;
        ensure!(status == 200, "an account: {status} {body}");
    }
    Ok(())
}

/// What the clients share.
struct Work {
    replicas: [SocketAddr; 2],
    done: AtomicUsize,
    repeated: AtomicUsize,
    stop: AtomicBool,
    wrong: Mutex<Vec<String>>,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            replicas: [SocketAddr::from(([0, 0, 0, 0], 0)); 2],
            done: AtomicUsize::new(0),
            repeated: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            wrong: Mutex::new(Vec::new()),
        }
    }
}

impl Work {
    fn client(&self, client: usize) {
        for number in 0..EACH {
            let key = format!("{client}-{number}");
            let source = (client + number) % ACCOUNTS;
            let target = (client * 3 + number * 5 + 1) % ACCOUNTS;
            let order = json!({ "source": format!("A{source}"), "target": format!("A{target}"), "amount": 1 });
            let mut attempt = client;
            loop {
                if self.stop.load(Ordering::Relaxed) {
                    return;
                }
                let [first, second] = self.replicas;
                let replica = if attempt.is_multiple_of(2) {
                    first
                } else {
                    second
                };
                match post(replica, "/transfers", Some(&key), &order) {
                    Ok((200, _)) => break,
                    Ok((503, _)) | Err(_) => {}
                    Ok((status, body)) => {
                        if let Ok(mut wrong) = self.wrong.lock() {
                            wrong.push(format!("{status} {body}"));
                        }
                        return;
                    }
                }
                self.repeated.fetch_add(1, Ordering::Relaxed);
                attempt += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
            self.done.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Asks for a path.
///
/// # Errors
/// When no whole answer comes.
pub(super) fn get(address: SocketAddr, path: &str) -> Result<(u16, String)> {
    // Of HTTP/1.0, so that no answer comes in chunks.
    exchange(
        address,
        &format!("GET {path} HTTP/1.0\r\nhost: bank\r\n\r\n"),
    )
}

fn post(address: SocketAddr, path: &str, key: Option<&str>, body: &Value) -> Result<(u16, String)> {
    let body = body.to_string();
    let key = key.map_or_else(String::new, |key| format!("idempotency-key: {key}\r\n"));
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\ncontent-type: application/json\r\n{key}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    exchange(address, &request)
}

/// One request on a connection of its own: status and body of an answer that came whole.
fn exchange(address: SocketAddr, request: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no whole answer")?;
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, length)| length.parse::<usize>())
        .transpose()?;
    ensure!(
        length.is_none_or(|length| length == body.len()),
        "the answer was cut off"
    );
    Ok((status, body.to_owned()))
}

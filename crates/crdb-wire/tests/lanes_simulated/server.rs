//! A model of a server: it stores numbers, runs a session's statements one after another, and can be cancelled.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crdb_wire::{Cancel, CancelFuture};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::random::Random;

/// Gives its parameter back.
pub(crate) const ECHO: &str = "SELECT $1::INT8";
/// Stores its parameter and gives it back.
pub(crate) const PUT: &str = "INSERT INTO numbers VALUES ($1) RETURNING number";
/// Fails.
pub(crate) const FAIL: &str = "SELECT 1 / ($1 - $1)";
/// Gives so many rows of a kilobyte.
pub(crate) const MANY: &str = "SELECT pad FROM numbers LIMIT $1";

/// Whether rows of [`MANY`] have been sent.
static SENT_MANY: AtomicBool = AtomicBool::new(false);

pub(crate) fn sent_many() -> bool {
    SENT_MANY.load(Ordering::SeqCst)
}

pub(crate) struct Model {
    /// How often each number was stored.
    pub(crate) stored: Mutex<BTreeMap<i64, u32>>,
    pub(crate) cut: AtomicU64,
    pub(crate) cancelled: AtomicU64,
    service: Duration,
    hangs: u64,
}

impl Model {
    pub(crate) fn new(service: Duration, hangs: u64) -> Self {
        Self {
            stored: Mutex::default(),
            cut: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            service,
            hangs,
        }
    }
}

/// Cancels what a session of the model runs when the request arrives.
pub(crate) struct Canceller {
    pub(crate) cancels: Arc<Notify>,
    pub(crate) delay: Duration,
    pub(crate) model: Arc<Model>,
}

impl Cancel for Canceller {
    fn cancel<'a>(&'a self, sent: &'a AtomicBool) -> CancelFuture<'a> {
        Box::pin(async move {
            sent.store(true, Ordering::Release);
            sleep(self.delay).await;
            self.model.cancelled.fetch_add(1, Ordering::SeqCst);
            self.cancels.notify_waiters();
            sleep(self.delay).await;
            Ok(())
        })
    }
}

/// Serves one session until its stream ends.
pub(crate) async fn serve(
    stream: DuplexStream,
    model: Arc<Model>,
    cancels: Arc<Notify>,
    random: Random,
) {
    let mut session = Session {
        stream,
        model: Arc::clone(&model),
        cancels,
        random,
        statements: HashMap::new(),
        bound: None,
        failed: false,
    };
    if session.run().await.is_err() {
        model.cut.fetch_add(1, Ordering::SeqCst);
    }
}

struct Session {
    stream: DuplexStream,
    model: Arc<Model>,
    cancels: Arc<Notify>,
    random: Random,
    statements: HashMap<String, String>,
    bound: Option<(String, i64)>,
    /// What comes is skipped until Sync.
    failed: bool,
}

impl Session {
    async fn run(&mut self) -> std::io::Result<()> {
        loop {
            let tag = self.stream.read_u8().await?;
            let length = self.stream.read_u32().await? as usize - 4;
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).await?;
            match tag {
                b'X' => return Ok(()),
                b'S' => {
                    self.failed = false;
                    self.send(b'Z', b"I").await?;
                }
                _ if self.failed => {}
                b'P' => {
                    let mut words = body.split(|byte| *byte == 0);
                    let mut word = || String::from_utf8(words.next().unwrap().to_vec()).unwrap();
                    let (name, text) = (word(), word());
                    self.statements.insert(name, text);
                    self.send(b'1', b"").await?;
                }
                b'D' => {
                    let name = String::from_utf8(body[1..length - 1].to_vec()).unwrap();
                    let text = self.statements[&name].clone();
                    self.send(b't', b"\0\x01\0\0\0\x14").await?;
                    let oid = if text == MANY { 25_u32 } else { 20 };
                    let mut row = b"\0\x01number\0\0\0\0\0\0\0".to_vec();
                    row.extend_from_slice(&oid.to_be_bytes());
                    row.extend_from_slice(b"\0\x08\xff\xff\xff\xff\0\0");
                    self.send(b'T', &row).await?;
                }
                b'C' => {
                    self.statements
                        .remove(&String::from_utf8(body[1..length - 1].to_vec()).unwrap());
                    self.send(b'3', b"").await?;
                }
                b'B' => {
                    // The portal, the statement, one format, one value of eight bytes, one format for results.
                    let name = body[1..].split(|byte| *byte == 0).next().unwrap();
                    let name = String::from_utf8(name.to_vec()).unwrap();
                    let value =
                        i64::from_be_bytes(body[length - 12..length - 4].try_into().unwrap());
                    self.bound = Some((self.statements[&name].clone(), value));
                    self.send(b'2', b"").await?;
                }
                b'E' => self.execute().await?,
                other => panic!("the model knows no message {}", char::from(other)),
            }
        }
    }

    async fn execute(&mut self) -> std::io::Result<()> {
        let (text, value) = self.bound.take().expect("Bind comes before Execute");
        let mut service = self.model.service;
        if self.random.one_in(self.model.hangs) {
            service = Duration::from_secs(20);
        }
        let cancelled = self.cancels.notified();
        tokio::select! {
            biased;
            () = cancelled => return self.fail("57014").await,
            () = sleep(service) => {}
        }
        match text.as_str() {
            FAIL => return self.fail("22012").await,
            PUT => *self.model.stored.lock().entry(value).or_default() += 1,
            ECHO | MANY => {}
            other => panic!("the model knows no {other}"),
        }
        if text == MANY {
            let mut row = b"\0\x01\0\0\x04\0".to_vec();
            row.resize(6 + 1_024, b'x');
            for _ in 0..value {
                self.send(b'D', &row).await?;
            }
            SENT_MANY.store(true, Ordering::SeqCst);
        } else {
            let mut row = b"\0\x01\0\0\0\x08".to_vec();
            row.extend_from_slice(&value.to_be_bytes());
            self.send(b'D', &row).await?;
        }
        let tag: &[u8] = if text == PUT {
            b"INSERT 0 1\0"
        } else {
            b"SELECT 1\0"
        };
        self.send(b'C', tag).await
    }

    async fn fail(&mut self, code: &str) -> std::io::Result<()> {
        self.failed = true;
        let body = format!("SERROR\0VERROR\0C{code}\0Mthe model says so\0\0");
        self.send(b'E', body.as_bytes()).await
    }

    async fn send(&mut self, tag: u8, body: &[u8]) -> std::io::Result<()> {
        let mut message = vec![tag];
        message.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
        message.extend_from_slice(body);
        self.stream.write_all(&message).await
    }
}

//! One session between a client and PostgreSQL.
//!
//! The proxy works in lockstep: it takes one message of the client, sends it to PostgreSQL with a Flush, and waits for its
//! answer before it takes the next one. So it always knows the transaction's state, and its own answers are in order.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::watch;

use super::backend::Backend;
use super::control::{CancelKey, Control, Sequence};
use super::failure::Failure;
use super::injection::Injection;
use super::portal::Portal;
use super::settings::Setting;
use super::startup::Stream;
use super::statement::{Habits, Statement};
use super::transaction::{State, Transaction};
use super::translate::{self, REPORTED};
use super::wire::{
    Frame, FrameReader, Incoming, command_complete, put_failure, put_frame, put_parameter,
    put_ready, take_text,
};
use crate::fault::Cut;

/// The proxy's side towards the client.
pub(super) struct Client {
    pub(super) reader: FrameReader<ReadHalf<Box<dyn Stream>>>,
    pub(super) writer: WriteHalf<Box<dyn Stream>>,
    /// The socket below TLS.
    pub(super) socket: socket2::Socket,
}

/// Whether a session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Flow {
    Go,
    End,
}

pub(super) struct Session {
    pub(super) control: Arc<Control>,
    pub(super) client: Client,
    pub(super) backend: Backend,
    pub(super) number: u64,
    /// Its BackendKeyData.
    pub(super) key: CancelKey,
    /// The database that the client named.
    pub(super) database: String,
    /// When its latest transaction committed, in nanoseconds since 1970.
    pub(super) committed_at: Option<u128>,
    /// The database that the client named, where there is none of that name.
    missing_database: Option<Arc<str>>,
    pub(super) sequence: Sequence,
    draining: watch::Receiver<bool>,
    /// The answer so far.
    pub(super) out: BytesMut,
    /// Where the last CommandComplete begins in `out`: CockroachDB reports parameters before it, PostgreSQL after it.
    pub(super) complete_at: Option<usize>,
    pub(super) transaction: Transaction,
    pub(super) prepared: HashMap<Bytes, Statement>,
    pub(super) portals: HashMap<Bytes, Portal>,
    /// The portals that were executed and have rows left.
    pub(super) suspended: BTreeSet<Bytes>,
    /// Where the answer to the present Query begins in `out`, as long as nothing of it has been sent.
    pub(super) unsent_from: Option<usize>,
    /// The tag of the latest CommandComplete.
    pub(super) last_tag: Option<String>,
    /// Messages that came while a changefeed ran.
    pub(super) early: VecDeque<Incoming>,
    /// How many columns the present COPY has.
    pub(super) copy_columns: u16,
    /// The messages since the last Sync, to run them again.
    pub(super) batch: Vec<Frame>,
    /// How often the implicit transaction has run again.
    pub(super) attempts: u32,
    /// A statement, or the client's first message, has named a setting: before, all of them are as they were.
    pub(super) settings_named: bool,
    /// The parameters that were reported because they were set, as PostgreSQL writes them.
    pub(super) reported: HashMap<String, String>,
    /// After an error, until the next Sync.
    pub(super) skipping: bool,
    /// Messages of the extended protocol have come since the last Sync.
    pub(super) in_batch: bool,
}

impl Session {
    pub(super) fn new(
        control: Arc<Control>,
        client: Client,
        backend: Backend,
        (number, key): (u64, CancelKey),
        database: String,
    ) -> Self {
        let draining = control.draining.subscribe();
        Self {
            control,
            client,
            backend,
            number,
            key,
            database,
            committed_at: None,
            missing_database: None,
            sequence: Sequence::default(),
            draining,
            out: BytesMut::new(),
            complete_at: None,
            transaction: Transaction::new(Instant::now()),
            prepared: HashMap::new(),
            portals: HashMap::new(),
            suspended: BTreeSet::new(),
            unsent_from: None,
            last_tag: None,
            early: VecDeque::new(),
            copy_columns: 0,
            batch: Vec::new(),
            attempts: 0,
            settings_named: false,
            reported: HashMap::new(),
            skipping: false,
            in_batch: false,
        }
    }

    /// The session of a client that named a database that does not exist.
    pub(super) fn without_database(mut self, named: Option<String>) -> Self {
        self.missing_database = named.map(Arc::from);
        self
    }

    pub(super) fn habits(&self) -> Habits {
        Habits {
            version: self.control.options.release(),
            node_id: self.control.options.node(),
            set_local: self.control.options.knows_set_local(),
            process_id: self.key.0,
            missing_database: self.missing_database.clone(),
            readings: self.control.readings(),
        }
    }

    /// The session of a client whose first message has set some of the [`Setting`]s.
    pub(super) fn with_settings(mut self, named: bool) -> Self {
        self.settings_named = named;
        self
    }

    /// Whether a setting is on.
    pub(super) async fn setting(&mut self, setting: Setting) -> io::Result<bool> {
        let version = self.control.options.release();
        let default = setting.default(version);
        let known = Setting::find(setting.name(), version).is_some();
        if !self.settings_named || !known || self.transaction.state == State::Failed {
            return Ok(default);
        }
        let value = self.backend.show_in_batch(&setting.kept_as()).await?;
        Ok(value.map_or(default, |value| value == "on"))
    }

    /// Serves the session to its end.
    pub(super) async fn run(mut self) -> io::Result<()> {
        loop {
            let idle = self.transaction.state == State::Idle && !self.in_batch && !self.skipping;
            if idle && *self.draining.borrow_and_update() {
                self.control.count(|counts| counts.drained += 1);
                put_failure(&mut self.out, &Failure::shutting_down());
                self.flush().await?;
                return self.client.writer.shutdown().await;
            }
            if let Some(message) = self.early.pop_front() {
                if self.take(message).await? == Flow::End {
                    return Ok(());
                }
                continue;
            }
            let flow = tokio::select! {
                message = self.client.reader.next() => match message? {
                    Some(message) => self.take(message).await?,
                    None => Flow::End,
                },
                frame = self.backend.next_frame() => {
                    let frame = frame?;
                    self.relay(frame, None);
                    self.flush().await?;
                    Flow::Go
                }
                changed = self.draining.changed(), if idle => match changed {
                    Ok(()) => Flow::Go,
                    Err(_) => Flow::End,
                },
            };
            if flow == Flow::End {
                return Ok(());
            }
        }
    }

    async fn take(&mut self, message: Incoming) -> io::Result<Flow> {
        let frame = match message {
            Incoming::Frame(frame) => frame,
            Incoming::TooLarge { tag, size } => return self.too_large(tag, size).await,
        };
        match frame.tag {
            b'Q' => self.simple_query(frame).await,
            b'P' | b'B' | b'D' | b'E' | b'C' if self.skipping => Ok(Flow::Go),
            b'P' | b'B' | b'D' | b'E' | b'C' => self.extended(frame).await,
            b'S' => self.sync().await,
            b'H' => self.flush().await.map(|()| Flow::Go),
            b'X' => Ok(Flow::End),
            // What is left of a COPY that failed.
            b'd' | b'c' | b'f' => Ok(Flow::Go),
            b'p' => {
                put_failure(
                    &mut self.out,
                    &Failure::protocol("unexpected authentication data"),
                );
                self.flush().await.map(|()| Flow::End)
            }
            other => {
                let message =
                    format!("unrecognized client message type ClientMessageType({other})");
                self.fail_batch(&Failure::protocol(&message)).await?;
                Ok(Flow::Go)
            }
        }
    }

    async fn too_large(&mut self, tag: u8, size: usize) -> io::Result<Flow> {
        let message = format!(
            "message size {} MiB bigger than maximum allowed message size 16 MiB",
            size.div_ceil(1 << 20)
        );
        let failure = Failure::protocol(&message);
        if self.skipping {
            return Ok(Flow::Go);
        }
        self.fail_batch(&failure).await?;
        if tag == b'Q' {
            return self.sync().await;
        }
        Ok(Flow::Go)
    }

    /// Puts a message of PostgreSQL into the answer, in CockroachDB's words.
    pub(super) fn relay(&mut self, mut frame: Frame, tag: Option<&str>) {
        let version = self.control.options.release();
        match frame.tag {
            b'S' => {
                let (Some(name), Some(value)) =
                    (take_text(&mut frame.body), take_text(&mut frame.body))
                else {
                    return;
                };
                let (name, value) = (
                    String::from_utf8_lossy(&name),
                    String::from_utf8_lossy(&value),
                );
                let told = self.reported.get(name.as_ref()) == Some(&value.to_string());
                if REPORTED.contains(&name.as_ref()) && !told {
                    self.reported.remove(name.as_ref());
                    let complete = self.complete_at.map(|at| self.out.split_off(at));
                    put_parameter(&mut self.out, &name, &translate::parameter(&name, &value));
                    if let Some(complete) = complete {
                        self.complete_at = Some(self.out.len());
                        self.out.extend_from_slice(&complete);
                    }
                }
            }
            b'E' => put_frame(&mut self.out, &translate::error(&frame.body, version)),
            b'N' => put_frame(&mut self.out, &translate::notice(&frame.body)),
            b'C' => {
                self.complete_at = Some(self.out.len());
                let frame = match tag.map(|tag| tag.strip_suffix('#').ok_or(tag)) {
                    None => frame,
                    Some(Err(tag)) => command_complete(tag),
                    // With the number of rows that PostgreSQL counted.
                    Some(Ok(words)) => {
                        let body = String::from_utf8_lossy(&frame.body).into_owned();
                        let count = body.trim_end_matches('\0').rsplit(' ').next();
                        command_complete(&format!("{words}{}", count.unwrap_or("0")))
                    }
                };
                let mut body = frame.body.clone();
                self.last_tag =
                    take_text(&mut body).map(|tag| String::from_utf8_lossy(&tag).into_owned());
                put_frame(&mut self.out, &frame);
            }
            // CockroachDB has no notifications.
            b'A' => {}
            _ => put_frame(&mut self.out, &frame),
        }
    }

    /// Completes a statement that PostgreSQL did not see, or not as the client wrote it.
    pub(super) fn complete(&mut self, tag: &str) {
        self.complete_at = Some(self.out.len());
        self.last_tag = Some(tag.to_owned());
        put_frame(&mut self.out, &command_complete(tag));
    }

    /// Sends what has gathered if it is much.
    pub(super) async fn flush_if_much(&mut self) -> io::Result<()> {
        if self.out.len() >= self.control.options.release().results_buffer() {
            self.flush().await
        } else {
            Ok(())
        }
    }

    pub(super) async fn flush(&mut self) -> io::Result<()> {
        self.complete_at = None;
        if !self.out.is_empty() {
            self.unsent_from = None;
        }
        self.client.writer.write_all(&self.out).await?;
        self.out.clear();
        self.client.writer.flush().await
    }

    /// Ends an answer.
    pub(super) async fn ready(&mut self) -> io::Result<Flow> {
        if self.transaction.state == State::Idle {
            self.forget_transaction();
        }
        self.batch.clear();
        self.attempts = 0;
        put_ready(&mut self.out, self.transaction.state.status());
        self.flush().await?;
        self.unsent_from = None;
        Ok(Flow::Go)
    }

    /// Takes over the status that PostgreSQL reported.
    pub(super) fn settle(&mut self, status: u8) {
        // After RELEASE the client still has to COMMIT what PostgreSQL has committed.
        if self.transaction.state != State::Released {
            self.transaction.set(State::of(status), Instant::now());
        }
    }

    /// Decides what is made to fail when `statement` runs, and counts it.
    pub(super) fn injection(&mut self, statement: &Statement, alone: bool) -> Option<Injection> {
        let opportunity = self.transaction.opportunity(statement, alone);
        let injection = self
            .control
            .decide(self.number, &mut self.sequence, opportunity)?;
        self.control.count(|counts| match injection {
            Injection::RetryStatement | Injection::RetryCommit => counts.retries += 1,
            Injection::AmbiguousCommit { .. } => counts.ambiguous += 1,
            Injection::CancelAutocommit { .. } => counts.cancelled += 1,
            Injection::FailSchemaChange | Injection::LeaveSchemaChange => {
                counts.schema_changes += 1;
            }
            _ => counts.cuts += 1,
        });
        tracing::debug!(session = self.number, ?injection, "a failure is injected");
        Some(injection)
    }

    /// Waits as the server does that retries `crdb_internal.force_retry` by itself.
    pub(super) async fn force_retry(&mut self, milliseconds: u64) -> Result<(), Failure> {
        match self.transaction.forced_retry(milliseconds, Instant::now()) {
            Some(wait) => {
                tokio::time::sleep(wait.min(Duration::from_secs(3_600))).await;
                Ok(())
            }
            None => Err(Failure::forced_retry(self.control.options.release())),
        }
    }

    /// Cuts the connection to the client. The session with PostgreSQL ends too, which rolls back what is open.
    pub(super) async fn cut(&mut self, cut: Cut) -> io::Result<Flow> {
        match cut {
            Cut::Close => {}
            Cut::Reset => self.client.socket.set_linger(Some(Duration::ZERO))?,
            Cut::HalfClose => {
                self.client.socket.shutdown(std::net::Shutdown::Write)?;
                std::future::pending::<()>().await;
            }
            Cut::Blackhole => std::future::pending::<()>().await,
        }
        Ok(Flow::End)
    }

    /// Sends the first `bytes` bytes of the answer, and cuts.
    pub(super) async fn cut_answer(&mut self, bytes: usize, cut: Cut) -> io::Result<Flow> {
        self.out.truncate(bytes);
        self.flush().await?;
        self.cut(cut).await
    }
}

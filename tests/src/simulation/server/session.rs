//! One session of the server.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::cluster::{Cluster, Handle, Interrupt};
use super::connection::Connection;
use super::messages::{Messages, Request};
use super::statement::{Prepared, Statement, split};
use super::store::Transaction;
use super::value::{Cell, Rows};
use crate::simulation::world::World;

/// How long a session that heard of a shutdown may stay, in milliseconds.
const GOODBYE: u64 = 2_000;

/// A session from its first statement on.
pub(super) struct Session {
    pub(super) world: Arc<World>,
    pub(super) cluster: Arc<Cluster>,
    pub(super) handle: Arc<Handle>,
    connection: Connection,
    out: Messages,
    prepared: BTreeMap<String, Prepared>,
    bound: Option<(Prepared, Vec<Cell>)>,
    /// What comes is skipped until Sync.
    skipping: bool,
    pub(super) state: State,
    /// What differs from the variables at startup.
    pub(super) settings: BTreeMap<String, String>,
    pub(super) temporary: bool,
    /// The session's own application name at startup.
    application: String,
}

/// Whether a transaction is open.
pub(super) enum State {
    Idle,
    Open(Box<Open>),
    Failed(Box<Open>),
}

/// An explicit transaction.
#[derive(Default)]
pub(super) struct Open {
    pub(super) transaction: Transaction,
    pub(super) savepoints: Vec<(String, Transaction)>,
    /// Variables of SET LOCAL.
    pub(super) local: BTreeMap<String, String>,
    /// What a rollback brings back.
    pub(super) settings: BTreeMap<String, String>,
    pub(super) temporary: bool,
    /// It has met a conflict: only ROLLBACK helps.
    pub(super) lost: bool,
}

/// How a statement fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// With an error.
    Error(&'static str),
    /// With an error that ends the session.
    Fatal(&'static str),
    /// The session ends without an answer.
    Silent,
}

/// What a statement answers.
pub(super) struct Answer {
    pub(super) tag: String,
    pub(super) rows: Rows,
}

impl Answer {
    pub(super) fn tag(tag: &str) -> Self {
        Self {
            tag: tag.to_owned(),
            rows: Rows::new(),
        }
    }
}

/// The end of a session.
struct Ended;

impl From<io::Error> for Ended {
    fn from(_: io::Error) -> Self {
        Self
    }
}

impl Session {
    pub(super) fn new(
        cluster: &Arc<Cluster>,
        handle: Arc<Handle>,
        connection: Connection,
        application: String,
    ) -> Self {
        Self {
            world: Arc::clone(&cluster.world),
            cluster: Arc::clone(cluster),
            handle,
            connection,
            out: Messages::default(),
            prepared: BTreeMap::new(),
            bound: None,
            skipping: false,
            state: State::Idle,
            settings: BTreeMap::new(),
            temporary: false,
            application,
        }
    }

    /// Serves the session until it ends. A transaction that is open then is rolled back.
    pub(super) async fn run(mut self) {
        let world = Arc::clone(&self.world);
        let number = self.handle.number;
        // However it ends, nothing is left to do.
        let _ = self.serve().await;
        let open = !matches!(self.state, State::Idle);
        world.note(format_args!("session {number} ends, open: {open}"));
    }

    async fn serve(&mut self) -> Result<(), Ended> {
        loop {
            if matches!(self.state, State::Idle) && self.cluster.is_draining(self.handle.node) {
                return self.say_goodbye().await;
            }
            let handle = Arc::clone(&self.handle);
            let (tag, body) = tokio::select! {
                biased;
                () = handle.terminated.notified() => {
                    self.out.error("FATAL", "57P01");
                    self.flush().await?;
                    return Ok(());
                }
                () = handle.drained.notified() => continue,
                read = self.connection.read() => read?,
            };
            let Some(request) = Request::read(tag, &body) else {
                let tag = char::from(tag);
                self.world
                    .wrong("the model understands every message", format!("{tag}"));
                return Err(Ended);
            };
            self.serve_request(request).await?;
        }
    }

    /// 57P01 to a session that does nothing, and some time later its end.
    async fn say_goodbye(&mut self) -> Result<(), Ended> {
        self.world.count("sessions ended by a drain");
        self.out.error("FATAL", "57P01");
        self.flush().await?;
        sleep(self.world.millis(GOODBYE)).await;
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Ended> {
        let out = std::mem::take(&mut self.out);
        Ok(self.connection.send(out).await?)
    }

    fn status(&self) -> u8 {
        match self.state {
            State::Idle => b'I',
            State::Open(_) => b'T',
            State::Failed(_) => b'E',
        }
    }

    async fn serve_request(&mut self, request: Request) -> Result<(), Ended> {
        match request {
            Request::Terminate => return Err(Ended),
            Request::Sync => {
                self.skipping = false;
                let status = self.status();
                self.out.ready(status);
                self.flush().await?;
            }
            Request::Flush => self.flush().await?,
            Request::Query(text) => {
                let mut texts: VecDeque<_> = split(&text).map(str::to_owned).collect();
                while let Some(text) = texts.pop_front() {
                    let Some(statement) = self.understood(&text, &[]) else {
                        self.fail(Failure::Error("42601")).await?;
                        break;
                    };
                    if statement == Statement::Empty {
                        self.out.push(b'I', &[]);
                        continue;
                    }
                    match self.perform(&text, &statement).await {
                        Ok(answer) => {
                            let columns = Prepared::of(&text).map_or(&[][..], |it| it.columns);
                            if !columns.is_empty() {
                                self.out.describe_columns(columns, false);
                            }
                            self.answer(&answer, false);
                        }
                        Err(failure) => {
                            self.fail(failure).await?;
                            break;
                        }
                    }
                }
                let status = self.status();
                self.out.ready(status);
                self.flush().await?;
            }
            _ if self.skipping => {}
            Request::Parse { name, text } => match self.parse(&text) {
                Ok(prepared) => {
                    self.prepared.insert(name, prepared);
                    self.out.push(b'1', &[]);
                }
                Err(code) => self.fail_extended(Failure::Error(code)).await?,
            },
            Request::Describe { name } => match self.prepared.get(&name) {
                Some(prepared) => {
                    self.out.describe_parameters(prepared);
                    // The format is not known before Bind.
                    self.out.describe_columns(prepared.columns, false);
                }
                None => self.fail_extended(Failure::Error("26000")).await?,
            },
            Request::Close { name } => {
                self.prepared.remove(&name);
                self.out.push(b'3', &[]);
            }
            Request::Bind { name, values } => match self.bind(&name, &values) {
                Ok(bound) => {
                    self.bound = Some(bound);
                    self.out.push(b'2', &[]);
                }
                Err(code) => self.fail_extended(Failure::Error(code)).await?,
            },
            Request::Execute => self.execute().await?,
        }
        Ok(())
    }

    /// The statement of a text. One that the model does not know is reported: then the model is not what it has to be.
    fn understood(&self, text: &str, values: &[Cell]) -> Option<Statement> {
        let statement = Statement::of(text, values);
        if statement.is_none() {
            self.world.wrong(
                "the model knows every statement",
                format!("{text} {values:?}"),
            );
        }
        statement
    }

    fn parse(&self, text: &str) -> Result<Prepared, &'static str> {
        let ends = matches!(text, "COMMIT" | "ROLLBACK");
        if matches!(self.state, State::Failed(_)) && !ends {
            return Err("25P02");
        }
        Prepared::of(text).ok_or_else(|| {
            self.world
                .wrong("the model knows every statement", text.to_owned());
            "42601"
        })
    }

    fn bind(
        &mut self,
        name: &str,
        values: &[Vec<u8>],
    ) -> Result<(Prepared, Vec<Cell>), &'static str> {
        if self.world.fails(self.world.setting.faults.evictions) {
            self.world.count("evicted statements");
            self.prepared.remove(name);
        }
        let prepared = self.prepared.get(name).ok_or("26000")?;
        let kinds = prepared.parameters.iter();
        let cells: Option<Vec<_>> = kinds
            .zip(values)
            .map(|(kind, value)| kind.read(value))
            .collect();
        match cells {
            Some(cells) if values.len() == prepared.parameters.len() => {
                Ok((prepared.clone(), cells))
            }
            _ => Err("08P01"),
        }
    }

    async fn execute(&mut self) -> Result<(), Ended> {
        let Some((prepared, values)) = self.bound.take() else {
            return self.fail_extended(Failure::Error("34000")).await;
        };
        if self.world.fails(self.world.setting.faults.evictions / 2) {
            self.world.count("changed result types");
            // "cached plan must not change result type"
            return self.fail_extended(Failure::Error("0A000")).await;
        }
        let Some(statement) = self.understood(&prepared.text, &values) else {
            return self.fail_extended(Failure::Error("42601")).await;
        };
        match self.perform(&prepared.text, &statement).await {
            Ok(answer) => {
                self.answer(&answer, true);
                Ok(())
            }
            Err(failure) => self.fail_extended(failure).await,
        }
    }

    fn answer(&mut self, answer: &Answer, binary: bool) {
        for row in &answer.rows {
            self.out.row(row, binary);
        }
        self.out.complete(&answer.tag);
    }

    async fn fail_extended(&mut self, failure: Failure) -> Result<(), Ended> {
        self.skipping = true;
        self.fail(failure).await
    }

    /// Answers an error, and fails the transaction that is open.
    async fn fail(&mut self, failure: Failure) -> Result<(), Ended> {
        self.state = match std::mem::replace(&mut self.state, State::Idle) {
            State::Open(open) => State::Failed(open),
            state => state,
        };
        match failure {
            Failure::Error(code) => {
                self.out.error("ERROR", code);
                Ok(())
            }
            Failure::Fatal(code) => {
                self.out.error("FATAL", code);
                self.flush().await?;
                Err(Ended)
            }
            Failure::Silent => {
                self.connection.link().reset();
                Err(Ended)
            }
        }
    }

    async fn perform(&mut self, text: &str, statement: &Statement) -> Result<Answer, Failure> {
        self.check_ground(statement);
        let _active = self.cluster.begin_work();
        let result = self.run_statement(statement).await;
        let number = self.handle.number;
        match &result {
            Ok(answer) => self.world.note(format_args!(
                "session {number}: {text} {statement:?}: {} {:?}",
                answer.tag, answer.rows
            )),
            Err(failure) => self.world.note(format_args!(
                "session {number}: {text} {statement:?}: {failure:?}"
            )),
        }
        result
    }

    /// R7: a borrower that begins work on a session finds it as if it were new.
    fn check_ground(&self, statement: &Statement) {
        let idle = matches!(self.state, State::Idle);
        if *statement == Statement::Begin && !idle {
            self.world.wrong(
                "a session that is lent has no open transaction",
                format!("session {}", self.handle.number),
            );
        }
        if !statement.begins_work() || !idle {
            return;
        }
        let ground = self.cluster.ground();
        if self.settings != *ground || self.temporary {
            self.world.wrong(
                "a session that is lent is like a new one",
                format!(
                    "session {}: {:?}, temporary table: {}, before {statement:?}",
                    self.handle.number, self.settings, self.temporary
                ),
            );
        }
    }

    /// Tells of a variable that the protocol reports.
    pub(super) fn report(&mut self, name: &str) {
        if name == "application_name" {
            let value = self.settings.get(name).unwrap_or(&self.application);
            self.out.parameter(name, value);
        }
    }

    pub(super) fn clear_prepared(&mut self) {
        self.prepared.clear();
    }

    /// The session's `statement_timeout`.
    fn time_limit(&self) -> Option<Duration> {
        let name = "statement_timeout";
        let local = match &self.state {
            State::Open(open) => open.local.get(name),
            _ => None,
        };
        let value = local.or(self.settings.get(name))?.parse().ok()?;
        (value > 0).then(|| Duration::from_millis(value))
    }

    /// The time that a statement takes, which a cancel, a time limit or the session's end may cut short.
    pub(super) async fn work(&self) -> Result<(), Interrupt> {
        let world = &self.world;
        let took = if world.fails(world.setting.faults.hangs) {
            world.count("hanging statements");
            Duration::from_secs(1) + world.millis(60_000)
        } else {
            world.millis(world.setting.service)
        };
        let limit = self.time_limit().unwrap_or(Duration::MAX);
        tokio::select! {
            biased;
            () = self.handle.cancelled.notified() => {
                world.count("cancelled statements");
                Err(Interrupt::Cancelled)
            }
            () = self.handle.terminated.notified() => Err(Interrupt::Terminated),
            () = sleep(limit.min(took)) => {
                if limit < took {
                    world.count("statements beyond their time limit");
                    Err(Interrupt::TimedOut)
                } else {
                    Ok(())
                }
            }
        }
    }

    /// As [`work`](Self::work), for what nothing cuts short.
    pub(super) async fn work_undisturbed(&self) {
        sleep(self.world.millis(self.world.setting.service)).await;
    }
}

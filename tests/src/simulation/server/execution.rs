//! What statements do, and how they fail.

use super::cluster::Interrupt;
use super::session::{Answer, Failure, Open, Session, State};
use super::statement::{Data, Statement};
use super::store::{Done, Refusal, Transaction};
use super::value::Cell;

/// The errors that CockroachDB may give to a statement of its own transaction, or to COMMIT, whether it is committed or not.
const DOUBTFUL: [&str; 3] = ["40003", "58C00", "XXUUU"];

impl Session {
    pub(super) async fn run_statement(&mut self, statement: &Statement) -> Result<Answer, Failure> {
        if matches!(self.state, State::Failed(_)) {
            return self.run_in_failed(statement);
        }
        match statement {
            Statement::Empty => Ok(Answer::tag("")),
            Statement::Data(data) => match &self.state {
                State::Idle => self.run_alone(data).await,
                _ => self.run_in_transaction(data).await,
            },
            Statement::Show(name) => {
                let value = self.settings.get(name).cloned();
                Ok(Answer {
                    tag: "SHOW".to_owned(),
                    rows: vec![vec![Cell::Text(value.unwrap_or("0".to_owned()))]],
                })
            }
            Statement::Begin => self.begin(),
            Statement::Commit => self.commit().await,
            Statement::Rollback => self.roll_back(),
            Statement::Savepoint(name) => {
                let open = self.open()?;
                let now = open.transaction.clone();
                open.savepoints.push((name.clone(), now));
                Ok(Answer::tag("SAVEPOINT"))
            }
            Statement::Release(name) => {
                let open = self.open()?;
                let at = open.savepoints.iter().rposition(|(known, _)| known == name);
                open.savepoints.truncate(at.ok_or(Failure::Error("3B001"))?);
                Ok(Answer::tag("RELEASE"))
            }
            Statement::RollbackTo(name) => {
                let open = self.open()?;
                roll_back_to(open, name)?;
                Ok(Answer::tag("ROLLBACK"))
            }
            Statement::Set { local, name, value } => self.set(*local, name, value),
            Statement::SetConfig(value) => {
                self.set(false, "search_path", value)?;
                Ok(Answer {
                    tag: "SELECT 1".to_owned(),
                    rows: vec![vec![Cell::Text(value.clone())]],
                })
            }
            Statement::ResetRole => Ok(Answer::tag("RESET")),
            Statement::DiscardAll => self.discard(),
            Statement::Temporary => {
                self.temporary = true;
                let tag = match self.world.setting.cockroach {
                    true => "CREATE TABLE AS",
                    false => "SELECT 1",
                };
                Ok(Answer::tag(tag))
            }
            Statement::Define => self.define().await,
        }
    }

    fn open(&mut self) -> Result<&mut Open, Failure> {
        match &mut self.state {
            State::Open(open) | State::Failed(open) => Ok(open),
            State::Idle => Err(Failure::Error("25P01")),
        }
    }

    /// In a transaction that has failed, only its end is taken, and the way back to a savepoint.
    fn run_in_failed(&mut self, statement: &Statement) -> Result<Answer, Failure> {
        match statement {
            Statement::Commit | Statement::Rollback => {
                self.abandon();
                Ok(Answer::tag("ROLLBACK"))
            }
            Statement::RollbackTo(name) => {
                let State::Failed(mut open) = std::mem::replace(&mut self.state, State::Idle)
                else {
                    return Err(Failure::Error("25P01"));
                };
                let back = match open.lost {
                    // A conflict is not undone by going back in part.
                    true => Err(Failure::Error("40001")),
                    false => roll_back_to(&mut open, name),
                };
                self.state = match back {
                    Ok(()) => State::Open(open),
                    Err(_) => State::Failed(open),
                };
                back.map(|()| Answer::tag("ROLLBACK"))
            }
            _ => Err(Failure::Error("25P02")),
        }
    }

    fn begin(&mut self) -> Result<Answer, Failure> {
        match &self.state {
            State::Idle => {
                self.state = State::Open(Box::new(Open {
                    settings: self.settings.clone(),
                    temporary: self.temporary,
                    ..Open::default()
                }));
                Ok(Answer::tag("BEGIN"))
            }
            _ if self.world.setting.cockroach => Err(Failure::Error("25001")),
            _ => Ok(Answer::tag("BEGIN")),
        }
    }

    /// Ends a transaction without its work.
    fn abandon(&mut self) {
        if let State::Open(open) | State::Failed(open) =
            std::mem::replace(&mut self.state, State::Idle)
        {
            let changed = self.settings != open.settings;
            self.settings = open.settings;
            self.temporary = open.temporary;
            if changed {
                self.report("application_name");
            }
        }
    }

    /// What an end without a beginning answers.
    fn no_transaction(&self, tag: &str) -> Result<Answer, Failure> {
        let only_warns = !self.world.setting.cockroach || self.commits_before_ddl();
        if only_warns {
            Ok(Answer::tag(tag))
        } else if self.world.setting.release.starts_with("v22") {
            Err(Failure::Error("XXUUU"))
        } else {
            Err(Failure::Error("25P01"))
        }
    }

    fn roll_back(&mut self) -> Result<Answer, Failure> {
        if matches!(self.state, State::Idle) {
            return self.no_transaction("ROLLBACK");
        }
        self.abandon();
        Ok(Answer::tag("ROLLBACK"))
    }

    async fn commit(&mut self) -> Result<Answer, Failure> {
        let State::Open(open) = &self.state else {
            return self.no_transaction("COMMIT");
        };
        let transaction = open.transaction.clone();
        let faults = &self.world.setting.faults;
        if self.world.fails(faults.conflicts) {
            self.world.count("conflicts at COMMIT");
            self.abandon();
            return Err(Failure::Error("40001"));
        }
        self.work_undisturbed().await;
        let doubt = self.doubt();
        if doubt.is_some() && self.world.coin() {
            self.abandon();
            return Err(doubt.unwrap_or(Failure::Silent));
        }
        if self.cluster.commit(transaction).is_err() {
            self.world.count("conflicts at COMMIT");
            self.abandon();
            return Err(Failure::Error("40001"));
        }
        self.state = State::Idle;
        self.work_undisturbed().await;
        match doubt {
            None => Ok(Answer::tag("COMMIT")),
            Some(doubt) => {
                self.world.count("commits without a true answer");
                Err(doubt)
            }
        }
    }

    /// An answer that does not say whether it took effect, where there is to be one.
    fn doubt(&self) -> Option<Failure> {
        let (world, faults) = (&self.world, &self.world.setting.faults);
        if world.fails(faults.lost_answers) {
            world.count("lost answers");
            return Some(Failure::Silent);
        }
        if !world.fails(faults.doubts) {
            return None;
        }
        world.count("doubtful answers");
        if world.setting.cockroach && world.coin() {
            let [first, others @ ..] = DOUBTFUL;
            return Some(Failure::Error(world.pick(first, &others)));
        }
        // What was running is cut off, a commit too.
        Some(Failure::Fatal("57P01"))
    }

    /// A statement that is its own transaction.
    async fn run_alone(&mut self, data: &Data) -> Result<Answer, Failure> {
        let world = std::sync::Arc::clone(&self.world);
        let faults = &world.setting.faults;
        if world.fails(faults.conflicts / 2) {
            world.count("conflicts");
            return Err(Failure::Error("40001"));
        }
        let doubt = self.doubt();
        if let Some(doubt) = doubt.filter(|_| world.coin()) {
            return Err(doubt);
        }
        // The time that a statement takes lies before its commit, or behind it.
        let late = world.coin();
        if late {
            self.work().await.map_err(interrupted)?;
        }
        let mut transaction = Transaction::default();
        let done = self.cluster.store.lock().run(&mut transaction, data);
        let done = done.map_err(|refusal| Failure::Error(code(refusal)))?;
        self.cluster
            .commit(transaction)
            .map_err(|refusal| Failure::Error(code(refusal)))?;
        if !late {
            match self.work().await {
                Ok(()) => {}
                // PostgreSQL does not look for a cancel between a commit and its answer.
                Err(Interrupt::Cancelled | Interrupt::TimedOut) if !world.setting.cockroach => {}
                Err(interrupt) => {
                    if data.writes() {
                        world.count("committed and answered 57014");
                    }
                    return Err(interrupted(interrupt));
                }
            }
        }
        match doubt {
            None => Ok(answer(data, done)),
            Some(doubt) => {
                world.count("commits without a true answer");
                Err(doubt)
            }
        }
    }

    async fn run_in_transaction(&mut self, data: &Data) -> Result<Answer, Failure> {
        let world = std::sync::Arc::clone(&self.world);
        let faults = &world.setting.faults;
        if world.fails(faults.conflicts) {
            world.count("conflicts");
            return self.lose();
        }
        if world.fails(faults.lost_answers) {
            world.count("lost answers");
            return Err(Failure::Silent);
        }
        self.work().await.map_err(interrupted)?;
        let State::Open(open) = &mut self.state else {
            return Err(Failure::Error("25P01"));
        };
        let store = self.cluster.store.lock();
        let overtaken = store.is_overtaken(&open.transaction);
        // What it has lost may show here already, or at COMMIT; a read never sees two states.
        if overtaken && (!data.writes() || world.coin()) {
            drop(store);
            world.count("conflicts");
            return self.lose();
        }
        let done = store.run(&mut open.transaction, data);
        drop(store);
        done.map(|done| answer(data, done))
            .map_err(|refusal| Failure::Error(code(refusal)))
    }

    fn lose(&mut self) -> Result<Answer, Failure> {
        self.open()?.lost = true;
        Err(Failure::Error("40001"))
    }

    /// Whether a transaction is committed before DDL in it.
    fn commits_before_ddl(&self) -> bool {
        const NAME: &str = "autocommit_before_ddl";
        let local = match &self.state {
            State::Open(open) => open.local.get(NAME),
            _ => None,
        };
        let default = ["v25", "v26"]
            .iter()
            .any(|major| self.world.setting.release.starts_with(major));
        match local.or(self.settings.get(NAME)) {
            Some(value) => value == "on",
            None => default,
        }
    }

    async fn define(&mut self) -> Result<Answer, Failure> {
        if matches!(self.state, State::Open(_)) && self.commits_before_ddl() {
            self.world.count("transactions committed before DDL");
            let State::Open(open) = std::mem::replace(&mut self.state, State::Idle) else {
                return Err(Failure::Error("25P01"));
            };
            if self.cluster.commit(open.transaction).is_err() {
                return Err(Failure::Error("40001"));
            }
        }
        self.work_undisturbed().await;
        Ok(Answer::tag("CREATE TABLE"))
    }

    fn set(&mut self, local: bool, name: &str, value: &str) -> Result<Answer, Failure> {
        let old = self.world.setting.release.starts_with("v22");
        if name == "autocommit_before_ddl" && (old || !self.world.setting.cockroach) {
            return Err(Failure::Error("42704"));
        }
        let (name, value) = (name.to_owned(), value.to_owned());
        match &mut self.state {
            State::Open(open) if local => {
                open.local.insert(name, value);
            }
            // It lasts as long as the statement.
            _ if local => {}
            _ => {
                self.settings.insert(name.clone(), value);
                self.report(&name);
            }
        }
        Ok(Answer::tag("SET"))
    }

    fn discard(&mut self) -> Result<Answer, Failure> {
        if !matches!(self.state, State::Idle) {
            return Err(Failure::Error("25001"));
        }
        self.world.count("resets");
        self.settings.clear();
        self.temporary = false;
        self.clear_prepared();
        self.report("application_name");
        Ok(Answer::tag("DISCARD ALL"))
    }
}

fn roll_back_to(open: &mut Open, name: &str) -> Result<(), Failure> {
    let at = open.savepoints.iter().rposition(|(known, _)| known == name);
    let at = at.ok_or(Failure::Error("3B001"))?;
    open.savepoints.truncate(at + 1);
    if let Some((_, then)) = open.savepoints.last() {
        // What was read stays read.
        open.transaction.go_back_to(then);
    }
    Ok(())
}

fn interrupted(interrupt: Interrupt) -> Failure {
    match interrupt {
        Interrupt::Cancelled | Interrupt::TimedOut => Failure::Error("57014"),
        Interrupt::Terminated => Failure::Fatal("57P01"),
    }
}

fn code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Conflict => "40001",
        Refusal::Duplicate => "23505",
    }
}

fn answer(data: &Data, done: Done) -> Answer {
    Answer {
        tag: format!("{} {}", data.tag(), done.count),
        rows: done.rows,
    }
}

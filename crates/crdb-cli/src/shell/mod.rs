//! `crdb shell`: statements as they are typed, on one session.

mod catalog;
mod command;
mod completion;
mod describe;
mod history;
mod input;

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use clap::Args;
use crdb_facade::config::keys;
use crdb_facade::exec::TransactionStatus;
use crdb_facade::{Config, Database, Error};
use crdb_sql::dialect::split_statements;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Editor};
use tokio::runtime::Runtime;

use crate::connection::{Connection, Guarded};
use crate::exit::{self, Exit, Usage};
use crate::parameter::TextParameter;
use crate::rows::Results;
use crate::script::{Runner, Script};
use crate::terminal;
use catalog::Catalog;
use command::Command;
use completion::Completion;
use history::History;

/// Opens an interactive shell.
///
/// A statement ends with a semicolon and may have several lines. Tab completes keywords, tables, columns and named queries. `\?` lists
/// the commands. A statement that fails ends the transaction it is in. What looks like a secret is not kept in the history.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Arguments {
    /// Keep no history
    #[arg(long)]
    no_history: bool,
}

/// Runs the shell until its user ends it.
///
/// # Errors
/// When there is no terminal, or the database cannot be opened.
pub(crate) fn run(arguments: &Arguments, connection: &Connection) -> Result<Exit> {
    if !std::io::stdin().is_terminal() {
        return Err(Usage::new(
            "the shell is for terminals; `crdb sql -` runs a script from standard input",
        )
        .into());
    }
    let guarded = connection.guarded()?;
    // Connections live on while the shell waits for its user.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("the runtime could not be started")?;
    let database = runtime.block_on(guarded.open())?;
    let shell = Shell::new(&runtime, &guarded, &database)?;
    let history = History::of(arguments.no_history);
    let exit = shell.run(&history);
    runtime.block_on(guarded.close(&database))?;
    exit
}

struct Shell<'a> {
    runtime: &'a Runtime,
    guarded: &'a Guarded,
    database: &'a Database,
    runner: Runner,
    catalog: Arc<Mutex<Catalog>>,
}

impl<'a> Shell<'a> {
    fn new(runtime: &'a Runtime, guarded: &'a Guarded, database: &'a Database) -> Result<Self> {
        let runner = runtime.block_on(Runner::on(database))?;
        let shell = Self {
            runtime,
            guarded,
            database,
            runner,
            catalog: Arc::default(),
        };
        shell.read_catalog();
        Ok(shell)
    }

    /// Reads which tables there are. Completion does without those that cannot be read.
    fn read_catalog(&self) {
        let read = self.runtime.block_on(Catalog::read(self.database));
        if let (Ok(read), Ok(mut catalog)) = (read, self.catalog.lock()) {
            *catalog = read;
        }
    }

    fn run(mut self, history: &History) -> Result<Exit> {
        let config = rustyline::Config::builder()
            .completion_type(CompletionType::List)
            .auto_add_history(false)
            .build();
        let mut editor: Editor<Completion, FileHistory> = Editor::with_config(config)?;
        let queries = self.database.repository();
        editor.set_helper(Some(Completion::new(
            Arc::clone(&self.catalog),
            queries.names(),
        )));
        history.load(&mut editor);
        println!(
            "{}\n\\? lists the commands, \\q ends the shell",
            self.greeting()
        );
        loop {
            match editor.readline(&self.prompt()) {
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) => {
                    history.add(&mut editor, &line);
                    if self.take(line.trim()) {
                        return Ok(Exit::Done);
                    }
                }
                // Ctrl-C takes back what was typed.
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => return Ok(Exit::Done),
                Err(error) => return Err(error).context("reading the terminal"),
            }
        }
    }

    fn greeting(&self) -> String {
        let config = self.config();
        format!(
            "{} as {}",
            config.get(keys::auth::DATABASE),
            config.get(keys::auth::USER)
        )
    }

    fn config(&self) -> &Config {
        self.database.config()
    }

    /// `bank=>`, `bank=*>` in a transaction; a database that is only read is named as such.
    fn prompt(&self) -> String {
        let open = match self.runner.status() {
            TransactionStatus::Idle => "",
            _ => "*",
        };
        let fence = if self.guarded.guard.only_reads() {
            " (production, read only)"
        } else {
            ""
        };
        format!(
            "{}{fence}={open}> ",
            self.config().get(keys::auth::DATABASE)
        )
    }

    /// Does what was typed, and says what went wrong with it. Whether the shell ends.
    fn take(&mut self, input: &str) -> bool {
        let done = match input.strip_prefix('\\') {
            Some(command) => match Command::parse(command) {
                Ok(Command::Quit) => return true,
                Ok(command) => self.command(&command),
                Err(error) => Err(error),
            },
            None => self.statements(input),
        };
        if let Err(error) = done {
            exit::told(&error, false);
        }
        false
    }

    fn statements(&mut self, input: &str) -> Result<()> {
        let script = Script::new("input", input, split_statements(input));
        self.guarded.check(&script)?;
        let changes_schema = script.changes_schema();
        self.renew()?;
        let mut results = Results::for_people();
        let runner = &mut self.runner;
        let work = async {
            let ran = runner.run(&script, &mut results, false).await?;
            Ok(ran.map_or_else(|failure| failure.told(&script, false), |_| Exit::Done))
        };
        let done = self
            .runtime
            .block_on(self.guarded.guard.record(None, input, work));
        results.finish()?;
        done?;
        if changes_schema {
            self.read_catalog();
        }
        Ok(())
    }

    /// Another session where the last one has ended.
    fn renew(&mut self) -> Result<()> {
        if self.runner.is_closed() {
            terminal::note("the connection had ended; this is another session");
            self.runner = self.runtime.block_on(Runner::on(self.database))?;
        }
        Ok(())
    }

    fn command(&mut self, command: &Command) -> Result<()> {
        match command {
            Command::Help => println!("{}", command::HELP),
            Command::Quit => {}
            Command::Queries => {
                let repository = self.database.repository();
                let rows = repository.names().map(|name| [name.to_owned()]).collect();
                println!("{}", crate::table(["query"], rows));
            }
            Command::Query { name, parameters } => return self.query(name, parameters),
            Command::Describe(what) => {
                self.renew()?;
                let mut results = Results::for_people();
                let text = what.statements();
                for text in text {
                    let script = Script::new("input", &text, split_statements(&text));
                    let ran = self.runner.run(&script, &mut results, true);
                    if let Err(failure) = self.runtime.block_on(ran)? {
                        failure.told(&script, false);
                    }
                }
                results.finish()?;
            }
        }
        Ok(())
    }

    /// Runs a named query in this session, and so in its transaction.
    fn query(&mut self, name: &str, values: &[(String, String)]) -> Result<()> {
        let repository = self.database.repository();
        let query = repository.get(name).map_err(Error::from)?;
        self.guarded.guard.check(query.text())?;
        let given: Vec<(&str, &String)> = values
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        let values = query.arrange(&given).map_err(Error::from)?;
        let values: Vec<TextParameter> = values
            .into_iter()
            .map(|value| TextParameter(Some(value.clone())))
            .collect();
        self.renew()?;
        let script = Script::new(name, query.text(), split_statements(query.text()));
        let mut results = Results::for_people();
        let runner = &mut self.runner;
        let work = async {
            let ran = runner
                .run_with(&script, &values, &mut results, false)
                .await?;
            Ok(ran.map_or_else(|failure| failure.told(&script, false), |_| Exit::Done))
        };
        let done = self
            .runtime
            .block_on(self.guarded.guard.record(Some(name), query.text(), work));
        results.finish()?;
        done.map(drop)
    }
}

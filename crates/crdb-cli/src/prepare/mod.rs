//! Preparing queries on a server, which then says what their parameters and columns are, or what is wrong.

mod plan;
mod reading;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use crdb_facade::auth::{ConnectionString, Connector, Session};
use crdb_sql::codegen::{DescribedColumn, Description, Descriptions};
use crdb_sql::dialect::split_statements;
use crdb_sql::schema::{Schema, canonical_name};
use crdb_sql::{Layout, Query, Verdict};
use crdb_testkit::{Database, Engine, EngineChoice, EngineKind, EngineOptions};
use tokio_postgres::error::ErrorPosition;
use tokio_postgres::types::{Kind, Type};
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use crate::connection::block_on;
use plan::FullScan;
use reading::Reading;

/// A session in a database that has the schema's tables.
pub(crate) struct Server {
    engine: Engine,
    session: Session,
    scratch: Option<Database>,
}

/// Why a server does not prepare a statement.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    /// The character it points at, from 1.
    pub(crate) position: Option<usize>,
}

/// Adds what the server says to verdicts that were good so far.
///
/// # Errors
/// When there is no such server or the schema cannot be created on it.
pub(crate) fn verdicts(engine: &str, layout: &Layout, verdicts: &mut [Verdict]) -> Result<()> {
    block_on(async {
        let server = Server::open(engine, layout.schema()).await?;
        let mut descriptions = Descriptions::default();
        for verdict in verdicts.iter_mut().filter(|verdict| verdict.is_ok()) {
            let Some(query) = verdict.query().cloned() else {
                continue;
            };
            if let Err(refusal) = server.describe(&query, &mut descriptions).await? {
                verdict.refused_by_server(&refusal.message, refusal.position);
                continue;
            }
            if let Some(difference) = server.reads_otherwise(&query).await? {
                verdict.read_otherwise_by_server(&difference);
            }
            for scan in server.full_scans(&query, &descriptions).await? {
                verdict.scanned_by_server(&scan.table, &scan.indexes);
            }
        }
        server.close().await
    })
}

impl Server {
    /// Finds or starts a server. A database that is run elsewhere and has all the schema's tables is used as it is;
    /// otherwise the schema is created in a scratch database.
    ///
    /// # Errors
    /// When there is none, or it refuses a definition.
    pub(crate) async fn open(choice: &str, schema: Option<&Path>) -> Result<Self> {
        let choice = EngineChoice::from_str(choice)?;
        let engine = Engine::try_start(EngineOptions::default().choice(choice)).await?;
        let session = connect(&engine, engine.database()).await?;
        let Some(directory) = schema else {
            return Ok(Self {
                engine,
                session,
                scratch: None,
            });
        };
        if has_tables(&session, &Schema::load(directory)?).await? {
            return Ok(Self {
                engine,
                session,
                scratch: None,
            });
        }
        let scratch = engine.try_create_database().await?;
        let server = Self {
            session: connect(&engine, scratch.name()).await?,
            engine,
            scratch: Some(scratch),
        };
        match create(&server.session, directory).await {
            Ok(()) => Ok(server),
            Err(error) => {
                server.close().await?;
                Err(error)
            }
        }
    }

    /// One line: which server, and why.
    pub(crate) fn choice(&self) -> &str {
        self.engine.choice()
    }

    /// Whether it is CockroachDB.
    pub(crate) fn is_cockroach(&self) -> bool {
        self.engine.kind() == EngineKind::CockroachDb
    }

    /// Prepares a query and adds its description.
    ///
    /// # Errors
    /// When the connection fails. What the server has against the statement is a [`Refusal`].
    pub(crate) async fn describe(
        &self,
        query: &Query,
        descriptions: &mut Descriptions,
    ) -> Result<Result<(), Refusal>> {
        let call = self.session.begin_call();
        let prepared = call.client().prepare(query.text()).await;
        call.finish();
        let statement = match prepared {
            Ok(statement) => statement,
            Err(error) => return refusal(error).map(Err),
        };
        let parameters: Vec<String> = statement
            .params()
            .iter()
            .map(|found| name(found, descriptions))
            .collect();
        let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
        let columns = statement
            .columns()
            .iter()
            .map(|column| DescribedColumn::new(column.name(), &name(column.type_(), descriptions)))
            .collect();
        descriptions.insert(
            query.hash(),
            query.name(),
            Description::new(&parameters, columns),
        );
        Ok(Ok(()))
    }

    /// Where CockroachDB's parser reads a query otherwise than ours. Nothing is reported by a server that does not show its syntax, or of a
    /// query that our parser does not know.
    ///
    /// # Errors
    /// When the connection fails.
    async fn reads_otherwise(&self, query: &Query) -> Result<Option<String>> {
        let tree = crdb_sql::dialect::parse_one(query.text());
        let (true, Ok(tree)) = (self.is_cockroach(), tree) else {
            return Ok(None);
        };
        let printed = tree.to_string();
        let text = self.reading(query.text()).await?;
        let read = self.reading(&printed).await?;
        Ok(text
            .zip(read)
            .and_then(|(text, read)| reading::difference(&text, &printed, &read)))
    }

    async fn reading(&self, text: &str) -> Result<Option<Reading>> {
        let rows = self.rows(&reading::question(text)).await?;
        Ok(rows.map(|rows| {
            Reading::of(rows.iter().map(|row| {
                let word = |index: usize| row.get(index).unwrap_or_default();
                (word(0), word(1))
            }))
        }))
    }

    /// The tables that the server's plan reads whole though the query has a condition. Nothing is reported of a query that has a parameter of
    /// which no sample is known, or that the server does not explain.
    ///
    /// # Errors
    /// When the connection fails.
    async fn full_scans(
        &self,
        query: &Query,
        descriptions: &Descriptions,
    ) -> Result<Vec<FullScan>> {
        let described = descriptions.get(query.hash());
        let sampled = described
            .filter(|_| plan::is_explained(query.text()))
            .and_then(|description| plan::with_samples(query.text(), description, descriptions));
        let Some(sampled) = sampled else {
            return Ok(Vec::new());
        };
        let cockroach = self.is_cockroach();
        let question = if cockroach {
            format!("EXPLAIN {sampled}")
        } else {
            self.rows("SET enable_seqscan = off").await?;
            format!("EXPLAIN (FORMAT JSON) {sampled}")
        };
        let rows = self.rows(&question).await?.unwrap_or_default();
        let lines: Vec<&str> = rows.iter().filter_map(|row| row.get(0)).collect();
        Ok(if cockroach {
            plan::of_cockroach(&lines)
        } else {
            plan::of_postgres(&lines.join("\n"))
        })
    }

    /// The rows of a statement as text; `None` where the server refuses it.
    async fn rows(&self, text: &str) -> Result<Option<Vec<SimpleQueryRow>>> {
        let call = self.session.begin_call();
        let answer = call.client().simple_query(text).await;
        call.finish();
        match answer {
            Ok(messages) => {
                let rows = messages.into_iter().filter_map(|message| match message {
                    SimpleQueryMessage::Row(row) => Some(row),
                    _ => None,
                });
                Ok(Some(rows.collect()))
            }
            Err(error) => {
                refusal(error)?;
                Ok(None)
            }
        }
    }

    /// Drops the scratch database; a server of ours goes with all that is in it.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) async fn close(self) -> Result<()> {
        drop(self.session);
        if let Some(scratch) = &self.scratch {
            self.engine.drop_database(scratch).await?;
        }
        Ok(())
    }
}

async fn connect(engine: &Engine, database: &str) -> Result<Session> {
    let url: ConnectionString = engine.url(database).parse()?;
    let connector = Connector::new(url.config().application_name("crdb").build()?)?;
    let session = connector.connect_any(url.endpoints(), url.target_session_attrs());
    Ok(session.await?)
}

async fn has_tables(session: &Session, schema: &Schema) -> Result<bool> {
    // Two schemas may have tables of one name.
    let names: BTreeSet<&str> = schema.tables().map(crdb_sql::schema::Table::name).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let call = session.begin_call();
    let found = call
        .client()
        .query(
            "SELECT DISTINCT table_name::TEXT FROM information_schema.tables WHERE table_name::TEXT = ANY($1)",
            &[&names],
        )
        .await;
    call.finish();
    Ok(found?.len() == names.len())
}

async fn create(session: &Session, directory: &Path) -> Result<()> {
    let mut files: Vec<_> = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    // What takes a migration back makes no schema.
    files.retain(|path| {
        let name = path.to_string_lossy();
        name.ends_with(".sql") && !name.ends_with(".down.sql")
    });
    files.sort();
    for file in files {
        let script =
            fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        // Editors on Windows put a byte order mark in front, which is no statement.
        let script = script.strip_prefix('\u{feff}').unwrap_or(&script);
        for statement in split_statements(script) {
            let line = statement.line;
            let call = session.begin_call();
            let done = call.client().batch_execute(statement.text).await;
            call.finish();
            done.with_context(|| format!("creating the schema, {}:{line}", file.display()))?;
        }
    }
    Ok(())
}

fn refusal(error: tokio_postgres::Error) -> Result<Refusal> {
    let Some(database) = error.as_db_error() else {
        return Err(error).context("the server could not be asked");
    };
    let mut message = database.message().to_owned();
    for more in [database.detail(), database.hint()].into_iter().flatten() {
        message.push_str("; ");
        message.push_str(more);
    }
    let position = match database.position() {
        Some(ErrorPosition::Original(position)) => usize::try_from(*position).ok(),
        _ => None,
    };
    Ok(Refusal { message, position })
}

/// The name of a type, as codegen knows it: arrays end in brackets, a domain is the type below it.
fn name(found: &Type, descriptions: &mut Descriptions) -> String {
    match found.kind() {
        Kind::Array(element) => format!("{}[]", name(element, descriptions)),
        Kind::Domain(inner) => name(inner, descriptions),
        // Its name is that of CHAR, which is text.
        Kind::Simple if *found == Type::CHAR => "\"char\"".to_owned(),
        Kind::Enum(labels) => {
            descriptions.insert_enum(found.name(), labels.clone());
            canonical_name(found.name())
        }
        Kind::Composite(fields) => {
            let fields = fields.iter().map(|field| {
                DescribedColumn::new(field.name(), &name(field.type_(), descriptions))
            });
            let fields = fields.collect();
            descriptions.insert_composite(found.name(), fields);
            canonical_name(found.name())
        }
        _ => found.name().to_owned(),
    }
}

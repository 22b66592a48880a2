//! Preparing queries on a server, which then says what their parameters and columns are, or what is wrong.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use crdb_auth::{ConnectionString, Connector, Session};
use crdb_sql::codegen::{DescribedColumn, Description, Descriptions};
use crdb_sql::dialect::split_statements;
use crdb_sql::schema::Schema;
use crdb_sql::{Layout, Query, Verdict};
use crdb_testkit::{Database, Engine, EngineChoice, EngineKind, EngineOptions};
use tokio_postgres::error::ErrorPosition;
use tokio_postgres::types::{Kind, Type};

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
            }
        }
        server.close().await
    })
}

/// Runs a future on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the runtime could not be started")?
        .block_on(future)
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
    let connector = Connector::new(url.config().application_name("xtask").build()?)?;
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
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
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
            found.name().to_owned()
        }
        _ => found.name().to_owned(),
    }
}

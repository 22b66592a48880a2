//! `crdb query`: a named query of the configuration's SQL files.

use anyhow::Result;
use clap::Args;
use crdb_facade::config::keys;
use crdb_facade::sql::{Cardinality, Parameter, Repository};
use crdb_facade::{Config, Database, Error, Query};
use futures_util::StreamExt as _;

use crate::connection::{Connection, block_on};
use crate::every::Every;
use crate::exit::{Exit, Usage};
use crate::parameter::Parameters;
use crate::rows::{Results, RowOptions};
use crate::terminal;

/// Runs a named query.
///
/// The query is one of the SQL files in sql.directory, such as `accounts.get` for `-- name: get` in accounts.sql. It is retried as its
/// header and the configuration say. Without a name, the queries are listed.
#[derive(Clone, Debug, Args)]
pub(crate) struct Arguments {
    /// The query's name
    name: Option<String>,
    #[command(flatten)]
    parameters: Parameters,
    #[command(flatten)]
    rows: RowOptions,
    #[command(flatten)]
    every: Every,
}

/// Runs the query.
///
/// # Errors
/// Why it did not run, or what the server said.
pub(crate) fn run(arguments: &Arguments, connection: &Connection, as_json: bool) -> Result<Exit> {
    let Some(name) = &arguments.name else {
        return list(&connection.without_a_database()?, as_json);
    };
    let guarded = connection.guarded()?;
    block_on(guarded.read(async |database| {
        let repository = database.repository();
        let query = repository.get(name).map_err(Error::from)?;
        guarded.guard.check(query.text())?;
        let work = repeat(arguments, database, name, query.cardinality(), as_json);
        guarded.guard.record(Some(name), query.text(), work).await
    }))
}

async fn repeat(
    arguments: &Arguments,
    database: &Database,
    name: &str,
    cardinality: Cardinality,
    as_json: bool,
) -> Result<Exit> {
    let mut results = Results::open(&arguments.rows, as_json)?;
    let values = arguments.parameters.read()?;
    let once = async || {
        let mut query = database.query(name);
        for (name, value) in &values {
            query = query.bind(name, value);
        }
        if matches!(
            cardinality,
            Cardinality::Exec | Cardinality::ExecRows | Cardinality::Batch
        ) {
            let count = query.execute().await?;
            terminal::note(&format!("{} affected", terminal::rows(count)));
            return Ok(Exit::Done);
        }
        let count = rows(query, cardinality, &mut results).await?;
        if results.is_table() {
            terminal::note(&format!("({})", terminal::rows(count)));
        }
        Ok(Exit::Done)
    };
    let exit = arguments.every.run(once).await?;
    results.finish()?;
    Ok(exit)
}

/// Writes the rows of a query, as many as its header promises, and says how many there were.
async fn rows(
    query: Query<'_, Database>,
    cardinality: Cardinality,
    results: &mut Results,
) -> Result<u64> {
    match cardinality {
        Cardinality::One => {
            let row = query.fetch_one().await?;
            let mut result = results.begin(None)?;
            result.push(&row)?;
            result.end()
        }
        Cardinality::Optional => {
            let row = query.fetch_optional().await?;
            let mut result = results.begin(None)?;
            if let Some(row) = row {
                result.push(&row)?;
            }
            result.end()
        }
        _ => {
            let mut rows = query.fetch_stream().await?;
            let mut result = results.begin(None)?;
            while let Some(row) = rows.next().await {
                result.push(&row?)?;
            }
            result.end()
        }
    }
}

/// Lists the queries of the SQL files; needs no database.
fn list(config: &Config, as_json: bool) -> Result<Exit> {
    let Some(directory) = config.path(keys::sql::DIRECTORY) else {
        return Err(Usage::new(format!(
            "no SQL files are loaded; set {} to their directory",
            keys::sql::DIRECTORY
        ))
        .into());
    };
    let repository = Repository::load(directory).map_err(Error::from)?;
    let mut rows = Vec::new();
    for query in &repository {
        let parameters: Vec<&str> = query.parameters().iter().map(Parameter::name).collect();
        let about = query.docs().lines().next().unwrap_or_default().to_owned();
        if as_json {
            let object = serde_json::json!({
                "name": query.name(), "parameters": parameters, "about": about,
            });
            println!("{object}");
        } else {
            rows.push([query.name().to_owned(), parameters.join(" "), about]);
        }
    }
    if !as_json {
        println!("{}", crate::table(["query", "parameters", "about"], rows));
    }
    Ok(Exit::Done)
}

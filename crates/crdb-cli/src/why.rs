//! `crdb why`: why a named query is slow, by the server's plan and by what a service has seen of it.

use std::fmt;

use anyhow::Result;
use clap::Args;
use crdb_facade::exec::{ExecutorExt as _, ToSql};
use crdb_facade::observe::profile::{Contention, ProfileReport, StatementProfile};
use crdb_facade::{Error, Row as _};
use serde_json::{Value, json};

use crate::connection::{Connection, block_on};
use crate::endpoint;
use crate::exit::{Exit, Usage};
use crate::guard;
use crate::parameter::{Parameters, TextParameter};
use crate::top::{self, Seen};

/// Says why a named query is slow: how the server would run it, which tables it reads whole, and what a service has seen of it.
///
/// The parameters are those of `crdb query`; the plan may depend on them.
#[derive(Clone, Debug, Args)]
pub(crate) struct Arguments {
    /// The query's name
    name: String,
    #[command(flatten)]
    parameters: Parameters,
    /// Run the query, so that the plan has the rows and times of each step; only for queries that read
    #[arg(long)]
    analyze: bool,
    /// The endpoint of a service that runs it, such as http://app1:9464
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
}

/// Explains the query.
///
/// # Errors
/// What is wrong with the name or the arguments, or what the server or the endpoint said.
pub(crate) fn run(arguments: &Arguments, connection: &Connection, as_json: bool) -> Result<Exit> {
    let guarded = connection.guarded()?;
    let seen = match &arguments.endpoint {
        Some(endpoint) => Some((
            top::seen(endpoint, &arguments.name)?,
            Explained::of(endpoint, &arguments.name),
        )),
        None => None,
    };
    block_on(guarded.read(async |database| {
        let repository = database.repository();
        let query = repository.get(&arguments.name).map_err(Error::from)?;
        let given = arguments.parameters.read()?;
        let given: Vec<(&str, &TextParameter)> = given
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        let values = query.arrange(&given).map_err(Error::from)?;
        let values: Vec<&(dyn ToSql + Sync)> = values
            .iter()
            .map(|value| *value as &(dyn ToSql + Sync))
            .collect();
        let question = match arguments.analyze {
            false => format!("EXPLAIN {}", query.text()),
            true => {
                guard::only_reads(query.text())
                    .map_err(|why| Usage::new(format!("--analyze runs the query: {why}")))?;
                format!("EXPLAIN ANALYZE {}", query.text())
            }
        };
        let mut plan = Vec::new();
        for row in database.executor().fetch_all(&*question, &values).await? {
            plan.push(row.get::<String>(0)?);
        }
        told(&plan, seen.as_ref(), as_json);
        Ok(Exit::Done)
    }))
}

/// What the service's profile has of a query beyond its numbers. A service without a profile has nothing.
#[derive(Default)]
struct Explained {
    statement: Option<StatementProfile>,
    contention: Vec<Contention>,
}

impl Explained {
    fn of(endpoint: &str, query: &str) -> Self {
        let report = endpoint::read(endpoint, "/profile")
            .ok()
            .and_then(|text| ProfileReport::from_json(&text).ok());
        let Some(report) = report else {
            return Self::default();
        };
        let is_it = |name: &Option<String>| name.as_deref() == Some(query);
        Self {
            statement: report.statements.into_iter().find(|one| is_it(&one.name)),
            contention: report
                .contention
                .into_iter()
                .filter(|one| is_it(&one.waiting.name) || is_it(&one.blocking.name))
                .collect(),
        }
    }

    fn json(&self) -> Value {
        let statement = self.statement.as_ref();
        json!({
            "plans": statement.map(|one| &one.plans),
            "plan_changes": statement.map(|one| one.plan_changes),
            "contention": self.contention,
        })
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in &self.contention {
            write!(f, "\n{one}")?;
        }
        let Some(statement) = &self.statement else {
            return Ok(());
        };
        match statement.plan_changes {
            0 => {}
            1 => write!(f, "\nin the service, its plan has changed once")?,
            changes => write!(f, "\nin the service, its plan has changed {changes} times")?,
        }
        for (number, plan) in statement.plans.iter().enumerate() {
            let when = if number == 0 {
                "the latest plan there"
            } else {
                "before"
            };
            write!(f, "\n{when}:")?;
            for line in plan.to_string().lines() {
                write!(f, "\n  {line}")?;
            }
        }
        Ok(())
    }
}

fn told(plan: &[String], seen: Option<&(Seen, Explained)>, as_json: bool) {
    let whole = read_whole(plan);
    if as_json {
        let object = json!({
            "plan": plan,
            "reads_whole": whole,
            "service": seen.map(|(seen, _)| seen.json()),
            "profile": seen.map(|(_, explained)| explained.json()),
        });
        println!("{object}");
        return;
    }
    for line in plan {
        println!("{line}");
    }
    for table in &whole {
        println!(
            "\n{table} is read whole, though the query has a condition: an index on its columns would help"
        );
    }
    if let Some((seen, explained)) = seen {
        println!("\n{seen}{explained}");
    }
}

/// The tables that a plan reads whole under a condition: PostgreSQL's `Seq Scan on t` above a `Filter`, CockroachDB's `spans: FULL SCAN`
/// below a `filter`.
fn read_whole(plan: &[String]) -> Vec<String> {
    let mut whole = Vec::new();
    let is_filtered = plan
        .iter()
        .any(|line| line.trim_start().starts_with("• filter"));
    let mut table = None;
    for (index, line) in plan.iter().enumerate() {
        if let Some((_, scanned)) = line.split_once("Seq Scan on ") {
            let filters = plan
                .iter()
                .skip(index + 1)
                .take_while(|next| !next.contains("->"))
                .any(|next| next.trim_start().starts_with("Filter:"));
            if filters {
                whole.extend(scanned.split_whitespace().next().map(str::to_owned));
            }
        }
        let text = line.trim_start_matches(['│', ' ']);
        if let Some(name) = text.strip_prefix("table: ") {
            table = name.split('@').next().map(str::to_owned);
        }
        if text.starts_with("spans: FULL SCAN") && is_filtered {
            whole.extend(table.take());
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(plan: &str) -> Vec<String> {
        let lines: Vec<String> = plan.lines().map(str::to_owned).collect();
        read_whole(&lines)
    }

    #[test]
    fn tables_that_are_read_whole_are_named() {
        assert_eq!(
            whole(
                "Seq Scan on accounts  (cost=0.00..25.88 rows=6 width=40)\n  Filter: (owner = 'a'::text)"
            ),
            ["accounts"]
        );
        assert_eq!(
            whole("Seq Scan on accounts  (cost=0.00..25.88 rows=6 width=40)"),
            [""; 0]
        );
        assert_eq!(
            whole("Index Scan using p on accounts\n  Filter: (owner = 'a')"),
            [""; 0]
        );
        let cockroach = "distribution: local\n\n• filter\n│ filter: owner = 'a'\n│\n└── • scan\n      missing stats\n      table: accounts@accounts_pkey\n      spans: FULL SCAN";
        assert_eq!(whole(cockroach), ["accounts"]);
        let all = "• scan\n  table: accounts@accounts_pkey\n  spans: FULL SCAN";
        assert_eq!(whole(all), [""; 0]);
    }
}

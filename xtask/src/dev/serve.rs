//! Serving until a signal comes.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use crdb_facade::{Config, Database};

use super::Arguments;
use crate::interruption::Interruptions;
use crate::script;
use crate::server::Server;

/// Starts the server, prints how to reach it, and waits for the signal that ends it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut interruptions = Interruptions::listen()?;
        let server = tokio::select! {
            server = Server::start(&arguments.engine) => server?,
            code = interruptions.next() => return Ok(ExitCode::from(code)),
        };
        let served = tokio::select! {
            served = serve(&server, arguments) => served.map(|never| match never {}),
            code = interruptions.next() => Ok(match code {
                // Ctrl-C is how it is meant to end.
                130 => ExitCode::SUCCESS,
                code => ExitCode::from(code),
            }),
        };
        let cleaned = server.clean_up().await;
        let code = served?;
        cleaned?;
        Ok(code)
    })
}

async fn serve(server: &Server, arguments: &Arguments) -> Result<std::convert::Infallible> {
    if let Some(directory) = &arguments.schema {
        create(server, directory).await?;
    }
    let mut url = server.url();
    if is_run_elsewhere(&arguments.engine) {
        url = without_password(&url);
    }
    if arguments.json {
        let object = serde_json::json!({ "server": server.choice(), "url": url });
        println!("{object}");
    } else {
        println!("{}\n", server.choice());
        println!("URL   {url}");
        println!("Try   psql '{url}'");
        println!("      cargo xtask doctor '{url}'");
        println!("      cargo xtask codegen --engine '{url}'");
        println!("\nServing; Ctrl-C ends it, and removes what it started.");
    }
    std::future::pending().await
}

/// Runs every file of the directory, statement by statement.
async fn create(server: &Server, directory: &Path) -> Result<()> {
    let config = server.configure(Config::builder()).build()?;
    let database = Database::open(config).await?;
    let mut files: Vec<_> = fs::read_dir(directory)
        .with_context(|| format!("reading {}", directory.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    // What takes a migration back makes no schema.
    files.retain(|path| {
        let name = path.to_string_lossy();
        name.ends_with(".sql") && !name.ends_with(".down.sql")
    });
    files.sort();
    for file in files {
        let text =
            fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        script::run(&database, &text, |_, _| {})
            .await
            .with_context(|| format!("creating the tables of {}", file.display()))?;
    }
    database.close(std::time::Duration::from_secs(5)).await?;
    Ok(())
}

/// Whether the server is the user's own, named by a URL here or in the environment.
fn is_run_elsewhere(engine: &str) -> bool {
    let named = std::env::var_os("CRDB_TEST_URL").is_some_and(|url| !url.is_empty());
    engine.contains("://") || (engine == "auto" && named)
}

/// The URL with `***` for its password, which may be a real one.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let login_end = rest.rfind('@').filter(|at| {
        let path = rest.find(['/', '?']).unwrap_or(rest.len());
        *at < path
    });
    match login_end.and_then(|at| Some((at, rest[..at].find(':')?))) {
        Some((at, colon)) => format!("{scheme}://{}:***{}", &rest[..colon], &rest[at..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(
            without_password("postgresql://app:s3cret@db1:26257/bank?sslmode=require"),
            "postgresql://app:***@db1:26257/bank?sslmode=require"
        );
        for plain in ["postgresql://app@db1/bank", "postgresql://db1/bank?a=b@c"] {
            assert_eq!(without_password(plain), plain);
        }
    }
}

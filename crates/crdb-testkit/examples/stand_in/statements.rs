//! `sql`: runs statements as the user root, over TLS with its certificate.

use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_postgres::{Client, NoTls};

use crate::node::{SSL_REQUEST, connector};
use crate::{Failure, Line};

/// Runs each statement, in what PostgreSQL calls it.
pub(crate) async fn run(line: &Line, text: &str) -> Result<(), Failure> {
    let host = line.option("host").unwrap_or("localhost");
    let certificates = PathBuf::from(line.option("certs-dir")?);
    let client = connect(
        host,
        &certificates,
        line.option("database").unwrap_or("defaultdb"),
    )
    .await?;
    for statement in statements(text) {
        let words: Vec<&str> = statement.split_whitespace().collect();
        match words.as_slice() {
            ["CREATE", "USER", "IF", "NOT", "EXISTS", user] => {
                if !exists(&client, "SELECT 1 FROM pg_roles WHERE rolname = $1", user).await? {
                    client
                        .batch_execute(&format!("CREATE ROLE {user} LOGIN"))
                        .await?;
                }
            }
            ["CREATE", "DATABASE", "IF", "NOT", "EXISTS", name, rest @ ..] => {
                if !exists(
                    &client,
                    "SELECT 1 FROM pg_database WHERE datname = $1",
                    name,
                )
                .await?
                {
                    let rest = rest.join(" ");
                    client
                        .batch_execute(&format!("CREATE DATABASE {name} {rest}"))
                        .await?;
                }
            }
            // A schema of another database: PostgreSQL reaches it only from there.
            ["GRANT" | "REVOKE", .., "SCHEMA", schema, "FROM" | "TO", _]
                if schema.contains('.') =>
            {
                let (database, _) = schema.split_once('.').unwrap_or_default();
                let inside = statement.replace(&format!("{database}."), "");
                let other = connect(host, &certificates, database).await?;
                other.batch_execute(&inside).await?;
            }
            _ => {
                for message in client.simple_query(&statement).await? {
                    if let tokio_postgres::SimpleQueryMessage::Row(row) = message {
                        let cells: Vec<&str> = (0..row.len())
                            .map(|column| row.get(column).unwrap_or("NULL"))
                            .collect();
                        println!("{}", cells.join("\t"));
                    }
                }
            }
        }
    }
    Ok(())
}

async fn exists(client: &Client, question: &str, name: &str) -> Result<bool, Failure> {
    Ok(client.query_opt(question, &[&name]).await?.is_some())
}

/// The statements of a script without quotes: what is between semicolons, without comments.
fn statements(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default());
    let text: Vec<&str> = lines.collect();
    let statements = text.join("\n");
    statements
        .split(';')
        .map(|statement| statement.trim().to_owned())
        .filter(|statement| !statement.is_empty())
        .collect()
}

async fn connect(host: &str, certificates: &Path, database: &str) -> Result<Client, Failure> {
    let mut stream = TcpStream::connect((host, 26257)).await?;
    stream.write_all(&SSL_REQUEST).await?;
    if stream.read_u8().await? != b'S' {
        return Err("the node does not speak TLS".into());
    }
    let name = host.to_owned().try_into()?;
    let stream = connector(certificates)?.connect(name, stream).await?;
    let mut config = tokio_postgres::Config::new();
    config.user("root").dbname(database);
    let (client, connection) = config.connect_raw(stream, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

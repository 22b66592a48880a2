//! Asking a server.

use anyhow::Result;
use crdb_sql::codegen::{Descriptions, Project, statements};

use crate::connection::block_on;
use crate::prepare::Server;

/// The descriptions of all queries, from a server where it can prepare them and from the file where it cannot.
pub(super) fn capture(engine: &str, project: &Project) -> Result<Descriptions> {
    let kept = project.descriptions();
    block_on(async {
        let server = Server::open(engine, project.layout().schema()).await?;
        eprintln!("asking {}", server.choice());
        let mut descriptions = Descriptions::for_schema(project.schema().hash());
        for query in &statements(project.repository()) {
            let Err(refusal) = server.describe(query, &mut descriptions).await? else {
                continue;
            };
            match kept.get(query.hash()) {
                Some(known) if !server.is_cockroach() => {
                    eprintln!(
                        "{}: kept what is known, because {}",
                        query.name(),
                        refusal.message
                    );
                    descriptions.insert(query.hash(), query.name(), known.clone());
                }
                _ => {
                    eprintln!("{}: the server says: {}", query.name(), refusal.message);
                    descriptions.insert_refused(query.hash(), query.name());
                }
            }
        }
        descriptions.keep_types(kept);
        server.close().await?;
        Ok(descriptions)
    })
}

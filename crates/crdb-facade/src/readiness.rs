//! When a service on a database should get requests.

use std::time::Duration;

use crdb_pool::Status;

use crate::Database;

/// How long a session may take for the service to count as ready.
const WITHIN: Duration = Duration::from_secs(2);

/// What the state of a pool says by itself.
#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    Ready,
    Unready(String),
    /// Only a session can tell.
    Ask,
}

fn judge(status: &Status) -> Judgement {
    if status.closed {
        return Judgement::Unready("the database was closed".to_owned());
    }
    if !status.nodes.iter().any(|node| node.state.in_rotation()) {
        return Judgement::Unready(format!("no node is in rotation: {status}"));
    }
    // A full pool works. If it made the service unready, the others would get its load, and be the next.
    if status.in_use >= status.max_size {
        return Judgement::Ready;
    }
    Judgement::Ask
}

/// Whether the database serves requests now; else why not.
pub(crate) async fn check(db: &Database) -> Result<(), String> {
    match judge(&db.pool_status()) {
        Judgement::Ready => Ok(()),
        Judgement::Unready(reason) => Err(reason),
        Judgement::Ask => match db.check(WITHIN).await {
            Ok(()) => Ok(()),
            // It may have filled up, or lost its last node, meanwhile.
            Err(error) => match judge(&db.pool_status()) {
                Judgement::Ready => Ok(()),
                Judgement::Unready(reason) => Err(reason),
                Judgement::Ask => Err(error.to_string()),
            },
        },
    }
}

//! From a connection's answers to the executor's.

use crdb_exec::{
    Answer, CommandTag, Fault, ServerError, SqlState, Tags, TransactionStatus, Written,
};
use crdb_wire::{End, ErrorKind};

/// The answer to a request that succeeded.
pub(crate) fn answer<T>(done: Option<&crdb_wire::Answer>, value: T) -> Answer<T> {
    let answer = Answer::new(Ok(value));
    match done {
        Some(done) => answer.with_tags(tags(done)).with_status(status(done)),
        None => answer,
    }
}

/// The answer to a request that failed.
pub(crate) fn failed<T>(error: crdb_wire::Error) -> Answer<T> {
    let (tags, status) = (tags(error.answer()), status(error.answer()));
    Answer::failed(fault(error))
        .with_tags(tags)
        .with_status(status)
}

fn tags(answer: &crdb_wire::Answer) -> Tags {
    let tags = answer.tags().iter();
    tags.map(|tag| CommandTag::new(tag.as_str())).collect()
}

fn status(answer: &crdb_wire::Answer) -> Option<TransactionStatus> {
    match answer.status()? {
        crdb_wire::TransactionStatus::Idle => Some(TransactionStatus::Idle),
        crdb_wire::TransactionStatus::InTransaction => Some(TransactionStatus::InTransaction),
        crdb_wire::TransactionStatus::Failed => Some(TransactionStatus::Failed),
        // A status of a later release: not known here.
        _ => None,
    }
}

fn fault(error: crdb_wire::Error) -> Fault {
    if error.kind() == ErrorKind::Refused {
        return refused(error);
    }
    let written = match error.answer().written() {
        crdb_wire::Written::Not => Written::Not,
        crdb_wire::Written::Partly => Written::Partly,
        _ => Written::Wholly,
    };
    let told = match (error.answer().error(), error.answer().end()) {
        (Some(answered), _) => server_error(answered),
        // An error that ends the session answers what was written, if it says for certain what that came to.
        (None, Some(End::Server(told))) if written != Written::Not && ends_surely(told) => {
            server_error(told)
        }
        _ => None,
    };
    match told {
        Some(server) => {
            let mut fault = Fault::server(server);
            if error.is_before_execution() {
                fault = fault.with_before_execution();
            }
            if error.is_stale_plan() {
                fault = fault.with_stale_plan();
            }
            fault
        }
        None => Fault::lost(written, error),
    }
}

fn refused(error: crdb_wire::Error) -> Fault {
    match error
        .parameter()
        .map(|(index, type_)| (index, type_.clone()))
    {
        Some((index, type_)) => match error.into_source() {
            Some(source) => Fault::refused_parameter(index, &type_, source),
            None => Fault::refused_parameter(index, &type_, "the value does not encode"),
        },
        None => Fault::refused(error),
    }
}

/// Errors that end a session and that the verdicts know: shutdowns, time limits of idle sessions, too many connections.
fn ends_surely(error: &crdb_wire::ServerError) -> bool {
    matches!(
        error.sqlstate(),
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "53300"
    )
}

/// A server that sends no proper SQLSTATE is not understood, as if it had not answered.
fn server_error(error: &crdb_wire::ServerError) -> Option<ServerError> {
    let state = SqlState::new(error.sqlstate())?;
    let told = ServerError::new(state, error.message()).with_fields(
        error.detail(),
        error.hint(),
        error.constraint(),
        error.table(),
        error.column(),
    );
    Some(told.with_position(error.position()))
}

//! One entry, as the caller describes it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::{Error, ErrorKind};

/// How the call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It took effect.
    Done,
    /// It failed, and nothing took effect.
    Failed,
    /// Whether it took effect is not known.
    Unknown,
}

/// Who did what, where, and how it ended. The log adds the number, the time and the hash.
///
/// A parameter's value is recorded only where it is [declared](Self::parameter), and never by the toolkit itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    principal: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_hash: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqlstate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
}

impl Record {
    /// An action of this principal: the user, the service account, the operator.
    pub fn new(principal: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            principal: principal.into(),
            service: None,
            request: None,
            query: None,
            text_hash: None,
            parameters: BTreeMap::new(),
            node: None,
            outcome,
            sqlstate: None,
            rows: None,
            lost: None,
        }
    }

    /// Says that this many entries could not be written before this one.
    pub(super) fn gap(lost: u64) -> Self {
        let mut record = Self::new("audit", Outcome::Failed);
        record.lost = Some(lost);
        record
    }

    /// The record as a JSON object.
    pub(super) fn json(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|error| {
            Error::new(ErrorKind::Io, format!("an audit entry is no JSON: {error}"))
        })
    }

    /// The service on whose behalf it was done.
    #[must_use]
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// The request that led to it: a trace id, or an id of your own.
    #[must_use]
    pub fn request(mut self, request: impl Into<String>) -> Self {
        self.request = Some(request.into());
        self
    }

    /// The name of the query or transaction.
    #[must_use]
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// A hash of the statement's text, where it has no name.
    #[must_use]
    pub fn text_hash(mut self, hash: impl Into<String>) -> Self {
        self.text_hash = Some(hash.into());
        self
    }

    /// A parameter whose value may be kept.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// The node that answered.
    #[must_use]
    pub fn node(mut self, node: impl Into<String>) -> Self {
        self.node = Some(node.into());
        self
    }

    /// What the server called the failure.
    #[must_use]
    pub fn sqlstate(mut self, sqlstate: impl Into<String>) -> Self {
        self.sqlstate = Some(sqlstate.into());
        self
    }

    /// The rows that were returned or affected.
    #[must_use]
    pub const fn rows(mut self, rows: u64) -> Self {
        self.rows = Some(rows);
        self
    }
}

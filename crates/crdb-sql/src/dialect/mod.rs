//! CockroachDB's SQL: a parser with a tree of its own, and a printer.
//!
//! ```
//! use crdb_sql::dialect;
//!
//! let statements = dialect::parse("UPSERT INTO accounts@by_owner VALUES ($1, 0) RETURNING NOTHING; COMMIT")?;
//! assert_eq!(statements.len(), 2);
//! assert_eq!(statements[1].to_string(), "COMMIT TRANSACTION");
//!
//! let error = dialect::parse("SELECT a FROM t@{FORCE_INDEX}").unwrap_err();
//! assert_eq!(error.to_string(), "expected `=`, found `}` at line 1, column 29");
//! # Ok::<(), dialect::ParseError>(())
//! ```
//!
//! # Guarantees
//! - What a CockroachDB of today accepts in its grammar is accepted, and so is what older ones accepted and it no longer
//!   does (interleaved tables, `BACKUP .. TO`, ..): files of a service must be checkable against either. Checks that need
//!   a schema are the server's; those that its parser makes (frames that end before they begin, intervals that are none,
//!   options given twice) are made here too.
//! - Printing a tree gives text that parses to the same tree.
//! - No input panics. Nesting is refused beyond [`MAX_DEPTH`]; time grows with the length of the text.
//!
//! # Reading order
//! [`ast`] is the tree, [`visit`] walks it, [`facts`] sums it up for a lint; [`keyword`] is below it.

pub mod ast;
mod error;
pub mod facts;
pub mod keyword;
mod lexer;
mod literal;
mod parser;
mod print;
mod span;
mod split;
pub(crate) mod token;
pub mod visit;

pub use error::{ParseError, ParseErrorKind};
#[cfg(feature = "checks")]
pub(crate) use lexer::tokenize;
pub use span::{Span, line_and_column};
#[cfg(feature = "checks")]
pub(crate) use split::Pieces;
pub use split::{Piece, split_statements};

use ast::Statement;
use parser::Parser;

/// How many levels of parentheses, queries and statements may stand inside each other.
pub const MAX_DEPTH: u32 = 128;

/// How high the tree of one expression may be: how many operators may be applied to one operand. Chains of `AND` and of
/// `OR` count once, however long they are.
pub const MAX_HEIGHT: u32 = 1_000;

/// What is accepted besides the grammar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Whether `:name` is a placeholder. Off by default, as on the server. Inside brackets a colon that can separate the
    /// bounds of a slice does.
    pub named_placeholders: bool,
}

impl Options {
    /// As the server has it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes `:name` a placeholder, or not.
    #[must_use]
    pub fn named_placeholders(mut self, on: bool) -> Self {
        self.named_placeholders = on;
        self
    }
}

/// All statements of a text, which semicolons part. Empty ones are passed over.
///
/// # Errors
/// At the first token that the dialect does not allow, with its place and what was expected there.
pub fn parse(sql: &str) -> Result<Vec<Statement>, ParseError> {
    parse_with(sql, &Options::default())
}

/// As [`parse`], with options.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(sql: &str, options: &Options) -> Result<Vec<Statement>, ParseError> {
    Parser::new(sql, options)?.statements()
}

/// The one statement of a text; a semicolon may follow it.
///
/// # Errors
/// As [`parse`], and when there is no statement or more than one.
pub fn parse_one(sql: &str) -> Result<Statement, ParseError> {
    parse_one_with(sql, &Options::default())
}

/// As [`parse_one`], with options.
///
/// # Errors
/// As [`parse_one`].
pub fn parse_one_with(sql: &str, options: &Options) -> Result<Statement, ParseError> {
    let mut statements = parse_with(sql, options)?;
    match statements.len() {
        1 => Ok(statements.remove(0)),
        0 => Err(ParseError::new(
            ParseErrorKind::Syntax,
            sql,
            sql.len(),
            "expected a statement, found none",
        )),
        _ => {
            let second = statements[1].span.start as usize;
            Err(ParseError::new(
                ParseErrorKind::Syntax,
                sql,
                second,
                "expected one statement, found another",
            ))
        }
    }
}

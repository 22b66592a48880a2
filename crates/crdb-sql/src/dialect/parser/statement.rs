//! Which statement it is.

use super::super::ast::{Explain, Expr, Ident, Prepare, Statement, StatementKind};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::rule::Rule;
use super::utility::{CANNED_PLAN, PREPARABLE, SHOW, TOP_LEVEL};
use super::{Parsed, Parser};

impl Parser<'_> {
    /// Any statement.
    pub(super) fn statement(&mut self) -> Parsed<Statement> {
        let start = self.start();
        let kind = self.statement_kind()?;
        Ok(Statement {
            kind,
            span: self.span_from(start),
        })
    }

    fn statement_kind(&mut self) -> Parsed<StatementKind> {
        match self.keyword() {
            Some(
                Keyword::BEGIN
                | Keyword::START
                | Keyword::COMMIT
                | Keyword::END
                | Keyword::ROLLBACK
                | Keyword::ABORT,
            ) => self.transaction(),
            Some(Keyword::SAVEPOINT | Keyword::RELEASE) => self.savepoint(),
            Some(Keyword::PREPARE) => self.prepare(),
            // A schedule, or a prepared statement of that name.
            Some(Keyword::EXECUTE) => match self.utility(PREPARABLE)? {
                Some(utility) => Ok(utility),
                None => self.execute(),
            },
            Some(Keyword::DROP) if self.keyword_at(1, Keyword::OWNED) => {
                self.expect_utility(TOP_LEVEL)
            }
            _ => self.preparable_kind(TOP_LEVEL),
        }
    }

    /// A statement that can be prepared, and that may stand in a common table expression.
    pub(super) fn preparable_statement(&mut self) -> Parsed<Statement> {
        let start = self.start();
        let kind = self.preparable_kind(&[])?;
        Ok(Statement {
            kind,
            span: self.span_from(start),
        })
    }

    /// A statement that can be prepared, or one by the rules of `others`.
    fn preparable_kind(&mut self, others: &[Rule]) -> Parsed<StatementKind> {
        let Some(keyword) = self.keyword() else {
            if self.is(TokenKind::LeftParen) {
                return Ok(StatementKind::Query(Box::new(self.query()?)));
            }
            return Err(self.expected("a statement"));
        };
        match keyword {
            Keyword::SELECT | Keyword::VALUES | Keyword::TABLE => {
                Ok(StatementKind::Query(Box::new(self.query()?)))
            }
            Keyword::WITH => self.with_statement(),
            Keyword::INSERT | Keyword::UPSERT => self.insert(None),
            Keyword::UPDATE => self.update(None),
            Keyword::DELETE => self.delete(None),
            Keyword::TRUNCATE => self.truncate(),
            Keyword::EXPLAIN => self.explain(),
            Keyword::CREATE => self.create(),
            Keyword::ALTER => self.alter(),
            Keyword::DROP => self.drop(),
            Keyword::SET => self.set(),
            Keyword::USE => self.use_database(),
            Keyword::SHOW => self.expect_utility(SHOW),
            _ => {
                for rules in [PREPARABLE, others] {
                    if let Some(utility) = self.utility(rules)? {
                        return Ok(utility);
                    }
                }
                Err(self.expected("a statement"))
            }
        }
    }

    /// What follows `WITH`: a query or a write.
    fn with_statement(&mut self) -> Parsed<StatementKind> {
        let start = self.start();
        let with = self.with()?;
        match self.keyword() {
            Some(Keyword::INSERT | Keyword::UPSERT) => self.insert(with),
            Some(Keyword::UPDATE) => self.update(with),
            Some(Keyword::DELETE) => self.delete(with),
            _ => Ok(StatementKind::Query(Box::new(
                self.query_after_with(with, start)?,
            ))),
        }
    }

    /// A statement in brackets that stands for its rows.
    pub(super) fn row_source(&mut self) -> Parsed<Statement> {
        let allowed = self.is(TokenKind::LeftParen)
            || self.at_any(kw![DELETE EXPLAIN INSERT SELECT SHOW TABLE UPDATE UPSERT VALUES WITH]);
        if !allowed {
            return Err(self.expected("a statement that returns rows"));
        }
        self.preparable_statement()
    }

    fn explain(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let analyze = self.eat_any(kw![ANALYZE ANALYSE]).is_some();
        let mut options = Vec::new();
        // `EXPLAIN (SELECT ..)` has a query, not options.
        if self.is(TokenKind::LeftParen) && !self.at_query_in_parens() {
            options = self.paren_list(|parser| {
                if parser.at_any(kw![ANALYZE ANALYSE]) {
                    parser.any_name()
                } else {
                    parser.word()
                }
            })?;
        }
        if let Some(why) = explain_conflict(analyze, &options) {
            return Err(self.invalid(why));
        }
        let statement = Box::new(self.nested(|parser| match parser.keyword() {
            Some(Keyword::COMMENT | Keyword::EXECUTE | Keyword::CALL | Keyword::DO) => {
                parser.statement()
            }
            _ => parser.preparable_statement(),
        })?);
        Ok(StatementKind::Explain(Explain {
            analyze,
            options,
            statement,
        }))
    }

    fn prepare(&mut self) -> Parsed<StatementKind> {
        self.advance();
        if self.at_keyword(Keyword::TRANSACTION) && super::is_string(self.kind_at(1)) {
            self.advance();
            let id = self.string()?;
            return Ok(StatementKind::Transaction(
                super::super::ast::Transaction::Prepare(id),
            ));
        }
        let name = self.name()?;
        let types = if self.is(TokenKind::LeftParen) {
            self.paren_list(Self::data_type)?
        } else {
            Vec::new()
        };
        self.expect_keyword(Keyword::AS)?;
        let start = self.start();
        let statement = match self.utility(CANNED_PLAN)? {
            Some(kind) => Statement {
                kind,
                span: self.span_from(start),
            },
            None => self.nested(Self::preparable_statement)?,
        };
        Ok(StatementKind::Prepare(Prepare {
            name,
            types,
            statement: Box::new(statement),
        }))
    }

    fn execute(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let name = self.name()?;
        let arguments: Vec<Expr> = if self.is(TokenKind::LeftParen) {
            self.paren_exprs()?
        } else {
            Vec::new()
        };
        let discard_rows = self.eat_keywords(kw![DISCARD ROWS]);
        Ok(StatementKind::Execute(super::super::ast::Execute {
            name,
            arguments,
            discard_rows,
        }))
    }
}

/// Why options cannot stand together, as CockroachDB's parser sees it (`MakeExplain` in pkg/sql/sem/tree/explain.go).
fn explain_conflict(analyze: bool, options: &[Ident]) -> Option<&'static str> {
    const MODES: [&str; 8] = [
        "plan",
        "distsql",
        "opt",
        "vec",
        "debug",
        "ddl",
        "gist",
        "fingerprint",
    ];
    const FLAGS: [&str; 10] = [
        "verbose", "types", "env", "catalog", "json", "memo", "shape", "viz", "redact", "analyze",
    ];
    let mut mode = None;
    let (mut analyze, mut json, mut env) = (analyze, false, false);
    for option in options {
        let option = option.value().to_ascii_lowercase();
        if let Some(found) = MODES.iter().find(|known| **known == option) {
            if mode.replace(*found).is_some() {
                return Some("`EXPLAIN` has one mode, such as `OPT` or `DISTSQL`");
            }
        } else if !FLAGS.contains(&option.as_str()) {
            return Some("`EXPLAIN` has no such option");
        }
        analyze |= option == "analyze";
        json |= option == "json";
        env |= option == "env";
    }
    match mode.unwrap_or("plan") {
        "debug" if !analyze => Some("`DEBUG` is a mode of `EXPLAIN ANALYZE`"),
        "opt" | "vec" | "ddl" | "gist" if analyze => {
            Some("`EXPLAIN ANALYZE` has the modes `PLAN`, `DISTSQL` and `DEBUG`")
        }
        mode if json && (mode != "distsql" || analyze) => {
            Some("`JSON` goes with `EXPLAIN (DISTSQL)` alone")
        }
        mode if env && mode != "opt" => Some("`ENV` goes with `OPT`"),
        _ => None,
    }
}

//! Transactions and session variables.

use super::super::ast::{
    Expr, Ident, Literal, Part, SetScope, SetVariable, StatementKind, Transaction, TransactionMode,
    Utility, UtilityKind,
};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// `BEGIN`, `COMMIT`, `ROLLBACK` and their other names.
    pub(super) fn transaction(&mut self) -> Parsed<StatementKind> {
        let begins = self.at_any(kw![BEGIN START]);
        let rolls_back = self.at_any(kw![ROLLBACK ABORT]);
        let first = self.keyword();
        self.advance();
        if first == Some(Keyword::START) {
            self.expect_keyword(Keyword::TRANSACTION)?;
        } else if matches!(first, Some(Keyword::COMMIT | Keyword::ROLLBACK))
            && self.eat_keyword(Keyword::PREPARED)
        {
            let id = self.string()?;
            return Ok(StatementKind::Transaction(if rolls_back {
                Transaction::RollbackPrepared(id)
            } else {
                Transaction::CommitPrepared(id)
            }));
        } else {
            // Neither means anything.
            self.eat_any(kw![TRANSACTION WORK]);
        }
        Ok(StatementKind::Transaction(if begins {
            Transaction::Begin(self.opt_transaction_modes()?)
        } else if first == Some(Keyword::ROLLBACK) && self.eat_keyword(Keyword::TO) {
            Transaction::RollbackTo(self.savepoint_name()?)
        } else if rolls_back {
            let chain = self.chain()?;
            Transaction::Rollback { chain }
        } else {
            let chain = self.chain()?;
            Transaction::Commit { chain }
        }))
    }

    /// `AND CHAIN` or `AND NO CHAIN`, if it is there; whether the next transaction begins at once.
    fn chain(&mut self) -> Parsed<bool> {
        if !self.eat_keyword(Keyword::AND) {
            return Ok(false);
        }
        let chain = !self.eat_keyword(Keyword::NO);
        self.expect_keyword(Keyword::CHAIN)?;
        Ok(chain)
    }

    /// `SAVEPOINT a` or `RELEASE a`.
    pub(super) fn savepoint(&mut self) -> Parsed<StatementKind> {
        let transaction = if self.eat_keyword(Keyword::SAVEPOINT) {
            Transaction::Savepoint(self.name()?)
        } else {
            self.advance();
            Transaction::Release(self.savepoint_name()?)
        };
        Ok(StatementKind::Transaction(transaction))
    }

    /// `SAVEPOINT a` or `a`.
    fn savepoint_name(&mut self) -> Parsed<Ident> {
        if self.at_keyword(Keyword::SAVEPOINT) && self.name_at(1) {
            self.advance();
        }
        self.name()
    }

    fn opt_transaction_modes(&mut self) -> Parsed<Vec<TransactionMode>> {
        if matches!(self.kind(), TokenKind::End | TokenKind::Semicolon) {
            Ok(Vec::new())
        } else {
            self.transaction_modes()
        }
    }

    /// One or more, with or without commas, each kind once.
    fn transaction_modes(&mut self) -> Parsed<Vec<TransactionMode>> {
        let mut modes: Vec<TransactionMode> = Vec::new();
        loop {
            let mode = self.transaction_mode()?;
            if modes
                .iter()
                .any(|given| std::mem::discriminant(given) == std::mem::discriminant(&mode))
            {
                return Err(self.invalid("a transaction mode is given twice"));
            }
            modes.push(mode);
            let comma = self.eat(TokenKind::Comma);
            let more = self.at_any(kw![ISOLATION PRIORITY READ AS DEFERRABLE NOT]);
            if !more && !comma {
                return Ok(modes);
            }
        }
    }

    fn transaction_mode(&mut self) -> Parsed<TransactionMode> {
        if let Some(as_of) = self.as_of()? {
            return Ok(TransactionMode::AsOf(as_of));
        }
        let keyword = self.expect_any(kw![ISOLATION PRIORITY READ NOT DEFERRABLE])?;
        Ok(match keyword {
            Keyword::ISOLATION => {
                self.expect_keyword(Keyword::LEVEL)?;
                TransactionMode::Isolation(self.words()?)
            }
            Keyword::PRIORITY => TransactionMode::Priority(self.words()?),
            Keyword::READ => {
                TransactionMode::ReadOnly(self.expect_any(kw![ONLY WRITE])? == Keyword::ONLY)
            }
            Keyword::NOT => {
                self.expect_keyword(Keyword::DEFERRABLE)?;
                TransactionMode::Deferrable(false)
            }
            _ => TransactionMode::Deferrable(true),
        })
    }

    pub(super) fn set(&mut self) -> Parsed<StatementKind> {
        self.advance();
        if self.eat_keywords(kw![CLUSTER SETTING]) {
            return self.set_cluster_setting();
        }
        let scope = match self.keyword() {
            // `SET session = ..` would set a variable of that name.
            Some(Keyword::SESSION) if !self.assignment_at(1) => SetScope::Session,
            Some(Keyword::LOCAL) if !self.assignment_at(1) => SetScope::Local,
            _ => SetScope::Default,
        };
        if scope != SetScope::Default {
            self.advance();
        }
        if self.at_keyword(Keyword::TRANSACTION)
            && !self.assignment_at(1)
            && scope != SetScope::Local
        {
            self.advance();
            return Ok(StatementKind::Transaction(Transaction::Set(
                self.transaction_modes()?,
            )));
        }
        if scope == SetScope::Session && self.eat_keywords(kw![CHARACTERISTICS AS TRANSACTION]) {
            return Ok(StatementKind::Transaction(Transaction::SetDefaults(
                self.transaction_modes()?,
            )));
        }
        if self.eat_keywords(kw![SESSION AUTHORIZATION DEFAULT])
            || scope == SetScope::Session && self.eat_keywords(kw![AUTHORIZATION DEFAULT])
        {
            // A statement of its own to the server, not the variable `session_authorization`.
            let words = kw![SET SESSION AUTHORIZATION DEFAULT];
            return Ok(StatementKind::Utility(Utility {
                kind: UtilityKind::Reset,
                parts: words.map(Part::Keyword).to_vec(),
            }));
        }
        Ok(StatementKind::Set(self.set_rest(scope)?))
    }

    fn assignment_at(&self, ahead: usize) -> bool {
        matches!(self.kind_at(ahead), TokenKind::Equal | TokenKind::Dot)
            || self.keyword_at(ahead, Keyword::TO)
    }

    fn set_cluster_setting(&mut self) -> Parsed<StatementKind> {
        let name = self.variable_name()?;
        if !self.eat(TokenKind::Equal) {
            self.expect_keyword(Keyword::TO)?;
        }
        let values = vec![self.variable_value()?];
        Ok(StatementKind::Set(SetVariable {
            scope: SetScope::Cluster,
            name,
            values,
        }))
    }

    /// `a = b`, or one of the forms that are short for it.
    pub(super) fn set_rest(&mut self, scope: SetScope) -> Parsed<SetVariable> {
        let variable = |name: &str, values| SetVariable {
            scope,
            name: vec![Ident::new(name)],
            values,
        };
        if self.at_keywords(kw![TIME ZONE]) {
            self.at += 2;
            return Ok(variable("timezone", vec![self.zone()?]));
        }
        if !self.assignment_at(1) {
            match self.keyword() {
                Some(Keyword::SESSION) if self.keyword_at(1, Keyword::AUTHORIZATION) => {
                    self.at += 2;
                    self.expect_keyword(Keyword::DEFAULT)?;
                    return Ok(variable("session_authorization", vec![Expr::Default]));
                }
                Some(Keyword::SCHEMA) => {
                    self.advance();
                    return Ok(variable("search_path", vec![self.variable_value()?]));
                }
                Some(Keyword::NAMES) => {
                    self.advance();
                    let bare = matches!(
                        self.kind(),
                        TokenKind::End | TokenKind::Semicolon | TokenKind::RightParen
                    );
                    let value = if bare {
                        Expr::Default
                    } else {
                        self.variable_value()?
                    };
                    return Ok(variable("client_encoding", vec![value]));
                }
                Some(Keyword::ROLE) => {
                    self.advance();
                    return Ok(variable("role", vec![self.variable_value()?]));
                }
                Some(Keyword::ROW) if self.kind_at(1) == TokenKind::LeftParen => {
                    self.advance();
                    return Ok(SetVariable {
                        scope,
                        name: Vec::new(),
                        values: self.paren_exprs()?,
                    });
                }
                _ => {}
            }
        }
        let name = self.variable_name()?;
        if !self.eat(TokenKind::Equal) {
            self.expect_keyword(Keyword::TO)?;
        }
        Ok(SetVariable {
            scope,
            name,
            values: self.comma_list(Self::variable_value)?,
        })
    }

    /// A variable's or setting's name, of as many parts as it has.
    pub(super) fn variable_name(&mut self) -> Parsed<Vec<Ident>> {
        let mut name = vec![self.name()?];
        while self.eat(TokenKind::Dot) {
            name.push(self.any_name()?);
        }
        Ok(name)
    }

    /// A value of a variable: an expression, or one of the words that are none otherwise.
    pub(super) fn variable_value(&mut self) -> Parsed<Expr> {
        if self.at_any(kw![ON NONE]) {
            let start = self.start();
            let token = self.advance();
            let parts = vec![self.ident(token)];
            return Ok(Expr::Column(super::super::ast::ColumnRef {
                parts,
                star: false,
                span: self.span_from(start),
            }));
        }
        self.expr()
    }

    /// What follows `TIME ZONE`: a name, a number, an interval, `LOCAL`, `DEFAULT`.
    fn zone(&mut self) -> Parsed<Expr> {
        if self.at_keyword(Keyword::INTERVAL) {
            return self.interval();
        }
        if self.eat_keyword(Keyword::LOCAL) {
            return Ok(Expr::Literal(Literal::String("local".into())));
        }
        if self.eat_keyword(Keyword::DEFAULT) {
            return Ok(Expr::Default);
        }
        self.variable_value()
    }

    /// `USE a`.
    pub(super) fn use_database(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let values = vec![self.variable_value()?];
        Ok(StatementKind::Set(SetVariable {
            scope: SetScope::Default,
            name: vec![Ident::new("database")],
            values,
        }))
    }
}

//! Functions and procedures.

use super::super::ast::{
    AtomicStatement, CreateRoutine, Parameter, ParameterMode, Part, Punctuation, RoutineBody,
    RoutineKind, RoutineOption, RoutineReturns, StatementKind, UtilityKind, Volatility,
};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::{Build, Parts};
use super::{Parsed, Parser};

impl Parser<'_> {
    /// `CREATE FUNCTION` or `CREATE PROCEDURE`, behind `OR REPLACE`.
    pub(super) fn create_routine(&mut self, or_replace: bool) -> Parsed<StatementKind> {
        let kind = match self.expect_any(&[Keyword::FUNCTION, Keyword::PROCEDURE])? {
            Keyword::FUNCTION => RoutineKind::Function,
            _ => RoutineKind::Procedure,
        };
        let name = self.object()?;
        self.open()?;
        let parameters = if self.is(TokenKind::RightParen) {
            Vec::new()
        } else {
            self.comma_list(Self::parameter_with_default)?
        };
        self.close()?;
        let returns = self.returns(kind)?;
        let mut options = Vec::new();
        while let Some(option) = self.routine_option()? {
            options.push(option);
        }
        let body = self.routine_body()?;
        Ok(StatementKind::CreateRoutine(Box::new(CreateRoutine {
            or_replace,
            kind,
            name,
            parameters,
            returns,
            options,
            body,
        })))
    }

    fn returns(&mut self, kind: RoutineKind) -> Parsed<Option<RoutineReturns>> {
        let null_option = self.at_keywords(&[Keyword::RETURNS, Keyword::NULL]);
        if kind == RoutineKind::Procedure || null_option || !self.eat_keyword(Keyword::RETURNS) {
            return Ok(None);
        }
        if self.at_keyword(Keyword::TABLE) && self.kind_at(1) == TokenKind::LeftParen {
            self.advance();
            let columns = self.paren_list(|parser| Ok((parser.name()?, parser.data_type()?)))?;
            return Ok(Some(RoutineReturns::Table(columns)));
        }
        let set_of = self.eat_keyword(Keyword::SETOF);
        Ok(Some(RoutineReturns::Type {
            set_of,
            data_type: self.data_type()?,
        }))
    }

    fn parameter_with_default(&mut self) -> Parsed<Parameter> {
        let mut parameter = self.parameter()?;
        if self.eat_keyword(Keyword::DEFAULT) || self.eat(TokenKind::Equal) {
            parameter.default = Some(self.expr()?);
        }
        Ok(parameter)
    }

    /// `IN a INT8`, `a OUT INT8`, `INT8`.
    fn parameter(&mut self) -> Parsed<Parameter> {
        let mut mode = self.parameter_mode();
        let mut name = None;
        // A name is followed by a mode or a type; a type alone is not.
        if self.at_function_name() && self.type_follows(1) {
            name = Some(self.function_name()?);
            if mode.is_none() {
                mode = self.parameter_mode();
            }
        }
        Ok(Parameter {
            mode,
            name,
            data_type: self.data_type()?,
            default: None,
        })
    }

    /// Whether the token `ahead` begins a type or mode, so that what stands before it is a name.
    fn type_follows(&self, ahead: usize) -> bool {
        if self.at_keywords(&[Keyword::DOUBLE, Keyword::PRECISION]) {
            return false;
        }
        match self.kind_at(ahead) {
            TokenKind::Word | TokenKind::QuotedWord | TokenKind::At => true,
            TokenKind::Keyword(Keyword::DEFAULT | Keyword::ARRAY) => false,
            TokenKind::Keyword(_) => true,
            _ => false,
        }
    }

    fn parameter_mode(&mut self) -> Option<ParameterMode> {
        if self.eat_keywords(&[Keyword::IN, Keyword::OUT]) {
            return Some(ParameterMode::InOut);
        }
        self.eat_any(&[Keyword::IN, Keyword::OUT, Keyword::INOUT, Keyword::VARIADIC])
            .map(|keyword| match keyword {
                Keyword::IN => ParameterMode::In,
                Keyword::OUT => ParameterMode::Out,
                Keyword::INOUT => ParameterMode::InOut,
                _ => ParameterMode::Variadic,
            })
    }

    fn routine_option(&mut self) -> Parsed<Option<RoutineOption>> {
        if self.eat_keyword(Keyword::AS) {
            let body = self.string()?;
            // A link symbol, which CockroachDB's grammar reads and ignores.
            if self.eat(TokenKind::Comma) {
                self.string()?;
            }
            return Ok(Some(RoutineOption::As(body)));
        }
        if self.eat_keyword(Keyword::LANGUAGE) {
            let language = if self.at_string() {
                self.string()?
            } else {
                self.word()?.value().into()
            };
            return Ok(Some(RoutineOption::Language(language)));
        }
        self.common_routine_option()
    }

    /// An option that `ALTER FUNCTION` takes too.
    fn common_routine_option(&mut self) -> Parsed<Option<RoutineOption>> {
        self.eat_keywords(&[Keyword::EXTERNAL, Keyword::SECURITY])
            .then(|| self.at -= 1);
        let Some(keyword) = self.eat_any(&[
            Keyword::CALLED,
            Keyword::RETURNS,
            Keyword::STRICT,
            Keyword::IMMUTABLE,
            Keyword::STABLE,
            Keyword::VOLATILE,
            Keyword::SECURITY,
            Keyword::LEAKPROOF,
            Keyword::NOT,
        ]) else {
            return Ok(None);
        };
        Ok(Some(match keyword {
            Keyword::CALLED => {
                self.expect_keywords(&[Keyword::ON, Keyword::NULL, Keyword::INPUT])?;
                RoutineOption::Strict(false)
            }
            Keyword::RETURNS => {
                self.expect_keywords(&[Keyword::NULL, Keyword::ON, Keyword::NULL, Keyword::INPUT])?;
                RoutineOption::Strict(true)
            }
            Keyword::STRICT => RoutineOption::Strict(true),
            Keyword::IMMUTABLE => RoutineOption::Volatility(Volatility::Immutable),
            Keyword::STABLE => RoutineOption::Volatility(Volatility::Stable),
            Keyword::VOLATILE => RoutineOption::Volatility(Volatility::Volatile),
            Keyword::SECURITY => RoutineOption::SecurityDefiner(
                self.expect_any(&[Keyword::DEFINER, Keyword::INVOKER])? == Keyword::DEFINER,
            ),
            Keyword::LEAKPROOF => RoutineOption::Leakproof(true),
            _ => {
                self.expect_keyword(Keyword::LEAKPROOF)?;
                RoutineOption::Leakproof(false)
            }
        }))
    }

    fn routine_body(&mut self) -> Parsed<Option<RoutineBody>> {
        if self.eat_keyword(Keyword::RETURN) {
            return Ok(Some(RoutineBody::Return(self.expr()?)));
        }
        if !self.eat_keywords(&[Keyword::BEGIN, Keyword::ATOMIC]) {
            return Ok(None);
        }
        let mut statements = Vec::new();
        while !self.eat_keyword(Keyword::END) {
            statements.push(if self.eat_keyword(Keyword::RETURN) {
                AtomicStatement::Return(self.expr()?)
            } else {
                AtomicStatement::Statement(self.nested(Self::statement)?)
            });
            self.expect(TokenKind::Semicolon, "`;`")?;
        }
        Ok(Some(RoutineBody::Atomic(statements)))
    }

    /// `f(INT8, a STRING)`, or `f` alone.
    pub(super) fn take_routine(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_object(parts)?;
        if !self.is(TokenKind::LeftParen) {
            return Ok(());
        }
        self.take_paren(parts, |parser, parts| {
            if parser.is(TokenKind::RightParen) {
                Ok(())
            } else {
                parser.take_list(parts, Self::take_parameter)
            }
        })
    }

    fn take_parameter(&mut self, parts: &mut Parts) -> Parsed<()> {
        let parameter = self.parameter()?;
        match parameter.mode {
            Some(ParameterMode::In) => parts.push(Part::Keyword(Keyword::IN)),
            Some(ParameterMode::Out) => parts.push(Part::Keyword(Keyword::OUT)),
            Some(ParameterMode::InOut) => parts.push(Part::Keyword(Keyword::INOUT)),
            Some(ParameterMode::Variadic) => parts.push(Part::Keyword(Keyword::VARIADIC)),
            None => {}
        }
        parts.extend(parameter.name.map(Part::Name));
        parts.push(Part::Type(parameter.data_type));
        Ok(())
    }

    /// `ALTER FUNCTION f ..` or `ALTER PROCEDURE f ..`, behind `ALTER`.
    pub(super) fn alter_routine(&mut self, parts: &mut Parts) -> Parsed<()> {
        let kind = self.take_any(parts, &[Keyword::FUNCTION, Keyword::PROCEDURE])?;
        self.take_routine(parts)?;
        match self.keyword() {
            Some(Keyword::RENAME) => {
                self.take_all(parts, &[Keyword::RENAME, Keyword::TO])?;
                self.take_name(parts)
            }
            Some(Keyword::OWNER) => self.take_owner(parts),
            Some(Keyword::SET) => {
                self.take_all(parts, &[Keyword::SET, Keyword::SCHEMA])?;
                self.take_name(parts)
            }
            Some(Keyword::NO | Keyword::DEPENDS) if kind == Keyword::FUNCTION => {
                self.opt_take(parts, Keyword::NO);
                self.take_all(parts, &[Keyword::DEPENDS, Keyword::ON, Keyword::EXTENSION])?;
                self.take_name(parts)
            }
            _ if kind == Keyword::FUNCTION => {
                let start = self.at;
                while self.common_routine_option()?.is_some() {}
                if self.at == start {
                    return Err(self.expected("a change of the function"));
                }
                // The options are keywords alone, so they are kept as they were written.
                for at in start..self.at {
                    if let TokenKind::Keyword(keyword) = self.tokens[at].kind {
                        parts.push(Part::Keyword(keyword));
                    }
                }
                self.opt_take(parts, Keyword::RESTRICT);
                Ok(())
            }
            _ => Err(self.expected("a change of the procedure")),
        }
    }

    /// `CALL f(a)`.
    pub(super) fn call_procedure(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::CALL)?;
        let call = if self.is(TokenKind::LeftBracket) {
            self.function_by_id()?
        } else {
            self.table_call()?
        };
        parts.push(Part::Expr(call));
        Ok(UtilityKind::Call.build(std::mem::take(parts)))
    }

    /// `DO $$ .. $$`.
    pub(super) fn do_block(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::DO)?;
        let mut bodies = 0;
        while self.at_string() || self.at_keyword(Keyword::LANGUAGE) {
            if self.opt_take(parts, Keyword::LANGUAGE) {
                self.take_word_or_string(parts)?;
            } else {
                bodies += 1;
                self.take_string(parts)?;
            }
        }
        if bodies != 1 {
            return Err(self.expected("one block as a string"));
        }
        Ok(UtilityKind::Do.build(std::mem::take(parts)))
    }

    /// `DECLARE`, `FETCH`, `MOVE`, `CLOSE` of cursors.
    pub(super) fn cursor(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        match self.take_any(
            parts,
            &[
                Keyword::DECLARE,
                Keyword::FETCH,
                Keyword::MOVE,
                Keyword::CLOSE,
            ],
        )? {
            Keyword::CLOSE => {
                if !self.opt_take(parts, Keyword::ALL) {
                    self.take_name(parts)?;
                }
            }
            Keyword::DECLARE => {
                self.take_name(parts)?;
                self.opt_take(parts, Keyword::BINARY);
                self.opt_take_any(parts, &[Keyword::INSENSITIVE, Keyword::ASENSITIVE]);
                if !self.opt_take_all(parts, &[Keyword::NO, Keyword::SCROLL]) {
                    self.opt_take(parts, Keyword::SCROLL);
                }
                self.take(parts, Keyword::CURSOR)?;
                if self.opt_take_any(parts, &[Keyword::WITH, Keyword::WITHOUT]) {
                    self.take(parts, Keyword::HOLD)?;
                }
                self.take(parts, Keyword::FOR)?;
                self.take_query(parts)?;
            }
            _ => self.cursor_movement(parts)?,
        }
        Ok(UtilityKind::Cursor.build(std::mem::take(parts)))
    }

    fn cursor_movement(&mut self, parts: &mut Parts) -> Parsed<()> {
        let alone = matches!(self.kind_at(1), TokenKind::End | TokenKind::Semicolon);
        if !alone {
            let directed = self.opt_take_any(parts, &[Keyword::FORWARD, Keyword::BACKWARD]);
            if !directed && self.opt_take_any(parts, &[Keyword::ABSOLUTE, Keyword::RELATIVE]) {
                self.take_signed(parts)?;
            } else if !directed
                && self.opt_take_any(
                    parts,
                    &[Keyword::NEXT, Keyword::PRIOR, Keyword::FIRST, Keyword::LAST],
                )
            {
            } else if !self.opt_take(parts, Keyword::ALL) && self.at_signed() {
                self.take_signed(parts)?;
            }
            self.opt_take_any(parts, &[Keyword::FROM, Keyword::IN]);
        }
        self.take_name(parts)
    }

    /// `LISTEN a`, `NOTIFY a, 'text'`, `UNLISTEN a`.
    pub(super) fn notification(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        match self.take_any(
            parts,
            &[Keyword::LISTEN, Keyword::NOTIFY, Keyword::UNLISTEN],
        )? {
            Keyword::UNLISTEN if self.is(TokenKind::Star) => {
                self.take_sign(parts, Punctuation::Star)?;
            }
            Keyword::UNLISTEN => self.take_object(parts)?,
            first => {
                self.take_name(parts)?;
                if first == Keyword::NOTIFY && self.is(TokenKind::Comma) {
                    self.take_sign(parts, Punctuation::Comma)?;
                    self.take_string(parts)?;
                }
            }
        }
        Ok(UtilityKind::Notification.build(std::mem::take(parts)))
    }
}

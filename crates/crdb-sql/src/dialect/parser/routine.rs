//! Functions and procedures.

use super::super::ast::{
    AtomicStatement, CreateRoutine, Parameter, ParameterMode, RoutineBody, RoutineKind,
    RoutineOption, RoutineReturns, StatementKind, Volatility,
};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// `CREATE FUNCTION` or `CREATE PROCEDURE`, behind `OR REPLACE`.
    pub(super) fn create_routine(&mut self, or_replace: bool) -> Parsed<StatementKind> {
        let kind = self.words()?;
        let name = self.object()?;
        let parameters = self.paren_items(Self::parameter_with_default)?;
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
        let null_option = self.at_keywords(kw![RETURNS NULL]);
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
    pub(super) fn parameter(&mut self) -> Parsed<Parameter> {
        let mut mode = self.parameter_mode()?;
        let mut name = None;
        // A name is followed by a mode or a type; a type alone is not.
        if self.at_function_name() && self.type_follows(1) {
            name = Some(self.function_name()?);
            if mode.is_none() {
                mode = self.parameter_mode()?;
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
        if self.at_keywords(kw![DOUBLE PRECISION]) {
            return false;
        }
        match self.kind_at(ahead) {
            TokenKind::Word | TokenKind::QuotedWord | TokenKind::At => true,
            TokenKind::Keyword(Keyword::DEFAULT | Keyword::ARRAY) => false,
            TokenKind::Keyword(_) => true,
            _ => false,
        }
    }

    fn parameter_mode(&mut self) -> Parsed<Option<ParameterMode>> {
        if self.eat_keywords(kw![IN OUT]) {
            return Ok(Some(ParameterMode::InOut));
        }
        self.opt_words()
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
        self.eat_keywords(kw![EXTERNAL SECURITY])
            .then(|| self.at -= 1);
        let Some(keyword) = self
            .eat_any(kw![CALLED RETURNS STRICT IMMUTABLE STABLE VOLATILE SECURITY LEAKPROOF NOT])
        else {
            return Ok(None);
        };
        Ok(Some(match keyword {
            Keyword::CALLED => {
                self.expect_keywords(kw![ON NULL INPUT])?;
                RoutineOption::Strict(false)
            }
            Keyword::RETURNS => {
                self.expect_keywords(kw![NULL ON NULL INPUT])?;
                RoutineOption::Strict(true)
            }
            Keyword::STRICT => RoutineOption::Strict(true),
            Keyword::IMMUTABLE => RoutineOption::Volatility(Volatility::Immutable),
            Keyword::STABLE => RoutineOption::Volatility(Volatility::Stable),
            Keyword::VOLATILE => RoutineOption::Volatility(Volatility::Volatile),
            Keyword::SECURITY => RoutineOption::SecurityDefiner(
                self.expect_any(kw![DEFINER INVOKER])? == Keyword::DEFINER,
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
        if !self.eat_keywords(kw![BEGIN ATOMIC]) {
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
}

//! `CREATE` of everything but tables, indexes and routines.

use super::super::ast::{
    CreateSequence, CreateType, CreateView, Expr, Literal, ObjectName, Part, Persistence,
    Punctuation, SequenceOption, StatementKind, StorageParameter, TypeBody, UtilityKind,
};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::{Build, Parts};
use super::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn create(&mut self) -> Parsed<StatementKind> {
        match self.kind_at(1) {
            TokenKind::Keyword(Keyword::CHANGEFEED) => return self.create_changefeed(),
            TokenKind::Keyword(Keyword::SCHEDULE) => return self.create_schedule(),
            TokenKind::Keyword(Keyword::ROLE | Keyword::USER | Keyword::GROUP) => {
                return self.role_statement();
            }
            TokenKind::Keyword(Keyword::STATISTICS) => return self.create_statistics(),
            TokenKind::Keyword(
                Keyword::VIRTUAL | Keyword::TENANT | Keyword::LOGICAL | Keyword::LOGICALLY,
            ) => {
                return self.create_cluster();
            }
            TokenKind::Keyword(
                Keyword::DATABASE
                | Keyword::SCHEMA
                | Keyword::EXTENSION
                | Keyword::DOMAIN
                | Keyword::EXTERNAL
                | Keyword::TRIGGER
                | Keyword::POLICY,
            ) => return self.create_plain(),
            _ => {}
        }
        if self.kind_at(1) == TokenKind::Keyword(Keyword::OR)
            && self.keyword_at(3, Keyword::TRIGGER)
        {
            return self.create_plain();
        }
        self.advance();
        let or_replace = self.eat_keywords(&[Keyword::OR, Keyword::REPLACE]);
        match self.keyword() {
            Some(Keyword::FUNCTION | Keyword::PROCEDURE) => return self.create_routine(or_replace),
            Some(Keyword::VIEW) => return self.create_view(or_replace, false, false),
            Some(Keyword::TEMP | Keyword::TEMPORARY) if self.keyword_at(1, Keyword::VIEW) => {
                self.advance();
                return self.create_view(or_replace, true, false);
            }
            _ if or_replace => {
                return Err(self.expected("`VIEW`, `FUNCTION`, `PROCEDURE` or `TRIGGER`"));
            }
            _ => {}
        }
        match self.keyword() {
            Some(Keyword::TABLE) => self.create_table(Persistence::Permanent),
            Some(Keyword::UNLOGGED) => {
                self.advance();
                self.create_table(Persistence::Unlogged)
            }
            Some(Keyword::LOCAL | Keyword::GLOBAL) => {
                self.advance();
                self.expect_any(&[Keyword::TEMPORARY, Keyword::TEMP])?;
                self.create_table(Persistence::Temporary)
            }
            Some(Keyword::TEMPORARY | Keyword::TEMP) => {
                self.advance();
                if self.at_keyword(Keyword::SEQUENCE) {
                    self.create_sequence(true)
                } else {
                    self.create_table(Persistence::Temporary)
                }
            }
            Some(Keyword::MATERIALIZED) => {
                self.advance();
                self.create_view(false, false, true)
            }
            Some(Keyword::SEQUENCE) => self.create_sequence(false),
            Some(Keyword::TYPE) => self.create_type(),
            Some(Keyword::INDEX | Keyword::UNIQUE | Keyword::INVERTED | Keyword::VECTOR) => {
                self.create_index()
            }
            _ => Err(self.expected("what to create, such as `TABLE`")),
        }
    }

    fn create_view(
        &mut self,
        or_replace: bool,
        temporary: bool,
        materialized: bool,
    ) -> Parsed<StatementKind> {
        self.expect_keyword(Keyword::VIEW)?;
        let if_not_exists = !or_replace && self.if_not_exists();
        let name = self.object()?;
        let columns = self.opt_paren_names()?;
        let parameters = self.view_parameters()?;
        self.expect_keyword(Keyword::AS)?;
        let query = Box::new(self.query()?);
        let as_of = if materialized { self.as_of()? } else { None };
        let with_data = if !materialized || !self.eat_keyword(Keyword::WITH) {
            None
        } else {
            let no = self.eat_keyword(Keyword::NO);
            self.expect_keyword(Keyword::DATA)?;
            Some(!no)
        };
        Ok(StatementKind::CreateView(Box::new(CreateView {
            or_replace,
            temporary,
            materialized,
            if_not_exists,
            name,
            columns,
            parameters,
            query,
            as_of,
            with_data,
        })))
    }

    /// `WITH (security_invoker = true)`, if it is there; `true` may be left out.
    fn view_parameters(&mut self) -> Parsed<Vec<StorageParameter>> {
        if !self.eat_keyword(Keyword::WITH) {
            return Ok(Vec::new());
        }
        self.paren_list(|parser| {
            if parser.kind_at(1) == TokenKind::Equal {
                return parser.storage_parameter();
            }
            Ok(StorageParameter {
                name: parser.name()?,
                value: Expr::Literal(Literal::Boolean(true)),
            })
        })
    }

    fn create_sequence(&mut self, temporary: bool) -> Parsed<StatementKind> {
        self.expect_keyword(Keyword::SEQUENCE)?;
        let if_not_exists = self.if_not_exists();
        let name = self.object()?;
        let options = self.sequence_options()?;
        Ok(StatementKind::CreateSequence(Box::new(CreateSequence {
            temporary,
            if_not_exists,
            name,
            options,
        })))
    }

    /// Options of a sequence, as many as follow.
    pub(super) fn sequence_options(&mut self) -> Parsed<Vec<SequenceOption>> {
        let mut options = Vec::new();
        while let Some(option) = self.sequence_option()? {
            if let SequenceOption::As(data_type) = &option
                && !super::column::is_integer(&data_type.base)
            {
                return Err(self.invalid("a sequence is of an integer type"));
            }
            options.push(option);
        }
        Ok(options)
    }

    fn sequence_option(&mut self) -> Parsed<Option<SequenceOption>> {
        let Some(keyword) = self.eat_any(&[
            Keyword::AS,
            Keyword::CYCLE,
            Keyword::NO,
            Keyword::OWNED,
            Keyword::CACHE,
            Keyword::PER,
            Keyword::INCREMENT,
            Keyword::MINVALUE,
            Keyword::MAXVALUE,
            Keyword::START,
            Keyword::RESTART,
            Keyword::VIRTUAL,
        ]) else {
            return Ok(None);
        };
        Ok(Some(match keyword {
            Keyword::AS => SequenceOption::As(self.data_type()?),
            Keyword::CYCLE => SequenceOption::Cycle(true),
            Keyword::NO => {
                match self.expect_any(&[Keyword::CYCLE, Keyword::MINVALUE, Keyword::MAXVALUE])? {
                    Keyword::CYCLE => SequenceOption::Cycle(false),
                    bound => SequenceOption::Number {
                        option: bound,
                        word: None,
                        number: None,
                    },
                }
            }
            Keyword::OWNED => {
                self.expect_keyword(Keyword::BY)?;
                if self.eat_keyword(Keyword::NONE) {
                    SequenceOption::OwnedBy(None)
                } else {
                    SequenceOption::OwnedBy(Some(self.dotted(4)?))
                }
            }
            Keyword::PER => {
                self.expect_any(&[Keyword::NODE, Keyword::SESSION])?;
                self.expect_keyword(Keyword::CACHE)?;
                SequenceOption::NodeCache(self.signed()?)
            }
            Keyword::VIRTUAL => SequenceOption::Virtual,
            Keyword::RESTART => {
                let word = self.eat_any(&[Keyword::WITH]);
                let number = if word.is_some() || self.at_signed() {
                    Some(self.signed()?)
                } else {
                    None
                };
                SequenceOption::Number {
                    option: Keyword::RESTART,
                    word,
                    number,
                }
            }
            option => {
                let word = match option {
                    Keyword::INCREMENT => self.eat_any(&[Keyword::BY]),
                    Keyword::START => self.eat_any(&[Keyword::WITH]),
                    _ => None,
                };
                SequenceOption::Number {
                    option,
                    word,
                    number: Some(self.signed()?),
                }
            }
        }))
    }

    fn create_type(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let if_not_exists = self.if_not_exists();
        let name = self.object()?;
        self.expect_keyword(Keyword::AS)?;
        let is_enum = self.eat_keyword(Keyword::ENUM);
        self.open()?;
        let body = if self.is(TokenKind::RightParen) {
            if is_enum {
                TypeBody::Enum(Vec::new())
            } else {
                TypeBody::Composite(Vec::new())
            }
        } else if is_enum {
            TypeBody::Enum(self.comma_list(Self::string)?)
        } else {
            TypeBody::Composite(
                self.comma_list(|parser| Ok((parser.name()?, parser.data_type()?)))?,
            )
        };
        self.close()?;
        Ok(StatementKind::CreateType(Box::new(CreateType {
            if_not_exists,
            name,
            body,
        })))
    }

    /// `CREATE` of what has no node of its own.
    fn create_plain(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::CREATE)?;
        self.opt_take_all(parts, &[Keyword::OR, Keyword::REPLACE]);
        match self.keyword() {
            Some(Keyword::DATABASE) => self.create_database(parts)?,
            Some(Keyword::SCHEMA) => {
                self.take(parts, Keyword::SCHEMA)?;
                self.opt_take_if_not_exists(parts);
                let named = !self.at_keyword(Keyword::AUTHORIZATION);
                if named {
                    self.take_schema(parts)?;
                }
                if self.opt_take(parts, Keyword::AUTHORIZATION) {
                    self.take_role(parts)?;
                }
            }
            Some(Keyword::EXTENSION) => {
                self.take(parts, Keyword::EXTENSION)?;
                self.opt_take_if_not_exists(parts);
                self.take_name(parts)?;
                self.opt_take(parts, Keyword::WITH);
                if self.opt_take(parts, Keyword::SCHEMA) {
                    self.take_name(parts)?;
                }
                self.opt_take(parts, Keyword::CASCADE);
            }
            Some(Keyword::DOMAIN) => self.create_domain(parts)?,
            Some(Keyword::EXTERNAL) => {
                self.take_all(parts, &[Keyword::EXTERNAL, Keyword::CONNECTION])?;
                self.opt_take_if_not_exists(parts);
                self.take_string_or_placeholder(parts)?;
                self.take(parts, Keyword::AS)?;
                self.take_string_or_placeholder(parts)?;
            }
            Some(Keyword::TRIGGER) => self.create_trigger(parts)?,
            _ => self.create_policy(parts)?,
        }
        Ok(UtilityKind::Create.build(std::mem::take(parts)))
    }

    fn create_database(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::DATABASE)?;
        self.opt_take_if_not_exists(parts);
        self.take_name(parts)?;
        self.opt_take(parts, Keyword::WITH);
        loop {
            match self.keyword() {
                Some(
                    keyword @ (Keyword::TEMPLATE
                    | Keyword::ENCODING
                    | Keyword::LC_COLLATE
                    | Keyword::LC_CTYPE),
                ) => {
                    self.take(parts, keyword)?;
                    self.opt_equal();
                    self.take_word_or_string(parts)?;
                }
                Some(Keyword::CONNECTION) => {
                    self.take_all(parts, &[Keyword::CONNECTION, Keyword::LIMIT])?;
                    self.opt_equal();
                    self.take_signed(parts)?;
                }
                Some(Keyword::OWNER) => {
                    self.take(parts, Keyword::OWNER)?;
                    self.opt_equal();
                    self.take_role(parts)?;
                }
                Some(Keyword::REGIONS | Keyword::REGION) => {
                    self.take_any(parts, &[Keyword::REGIONS, Keyword::REGION])?;
                    self.opt_equal();
                    self.take_list(parts, Self::take_region)?;
                }
                Some(
                    Keyword::PRIMARY | Keyword::SECONDARY | Keyword::SURVIVE | Keyword::PLACEMENT,
                ) => {
                    self.database_region_clause(parts)?;
                }
                Some(Keyword::SUPER) => {
                    self.take_all(parts, &[Keyword::SUPER, Keyword::REGION])?;
                    self.take_region(parts)?;
                    self.take(parts, Keyword::VALUES)?;
                    self.take_list(parts, Self::take_region)?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// `PRIMARY REGION a`, `SURVIVE ZONE FAILURE`, `PLACEMENT RESTRICTED`.
    pub(super) fn database_region_clause(&mut self, parts: &mut Parts) -> Parsed<()> {
        let first = [
            Keyword::PRIMARY,
            Keyword::SECONDARY,
            Keyword::SURVIVE,
            Keyword::PLACEMENT,
        ];
        match self.take_any(parts, &first)? {
            Keyword::SURVIVE => {
                self.opt_equal();
                let goal = [Keyword::REGION, Keyword::ZONE, Keyword::AVAILABILITY];
                if self.take_any(parts, &goal)? == Keyword::AVAILABILITY {
                    self.take(parts, Keyword::ZONE)?;
                }
                self.take(parts, Keyword::FAILURE)
            }
            Keyword::PLACEMENT => self
                .take_any(parts, &[Keyword::RESTRICTED, Keyword::DEFAULT])
                .map(drop),
            _ => {
                self.take(parts, Keyword::REGION)?;
                self.opt_equal();
                self.take_region(parts)
            }
        }
    }

    pub(super) fn take_region(&mut self, parts: &mut Parts) -> Parsed<()> {
        parts.push(Part::Name(self.region()?));
        Ok(())
    }

    fn create_trigger(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::TRIGGER)?;
        self.take_name(parts)?;
        if self.take_any(parts, &[Keyword::BEFORE, Keyword::AFTER, Keyword::INSTEAD])?
            == Keyword::INSTEAD
        {
            self.take(parts, Keyword::OF)?;
        }
        let mut seen = Vec::new();
        loop {
            let events = [
                Keyword::INSERT,
                Keyword::DELETE,
                Keyword::UPDATE,
                Keyword::TRUNCATE,
            ];
            let event = self.take_any(parts, &events)?;
            if seen.contains(&event) {
                return Err(self.invalid("an event of the trigger is given twice"));
            }
            seen.push(event);
            if event == Keyword::UPDATE && self.opt_take(parts, Keyword::OF) {
                self.take_names(parts)?;
            }
            if !self.opt_take(parts, Keyword::OR) {
                break;
            }
        }
        self.take(parts, Keyword::ON)?;
        self.take_object(parts)?;
        if self.opt_take(parts, Keyword::REFERENCING) {
            self.take_transition(parts)?;
            while self.at_any(&[Keyword::NEW, Keyword::OLD]) {
                self.take_transition(parts)?;
            }
        }
        if self.opt_take(parts, Keyword::FOR) {
            self.opt_take(parts, Keyword::EACH);
            self.take_any(parts, &[Keyword::ROW, Keyword::STATEMENT])?;
        }
        if self.opt_take(parts, Keyword::WHEN) {
            self.take_expr(parts)?;
        }
        self.take(parts, Keyword::EXECUTE)?;
        self.take_any(parts, &[Keyword::FUNCTION, Keyword::PROCEDURE])?;
        let name = ObjectName {
            parts: self.function_path()?,
        };
        parts.push(Part::Object(name));
        self.take_paren(parts, |parser, parts| {
            // As in CockroachDB's grammar, the list may be empty before its first comma.
            if !matches!(parser.kind(), TokenKind::RightParen | TokenKind::Comma) {
                parser.take_trigger_argument(parts)?;
            }
            while parser.is(TokenKind::Comma) {
                parser.take_sign(parts, Punctuation::Comma)?;
                parser.take_trigger_argument(parts)?;
            }
            Ok(())
        })
    }

    /// `NEW TABLE AS a`.
    fn take_transition(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_any(parts, &[Keyword::NEW, Keyword::OLD])?;
        self.take_any(parts, &[Keyword::TABLE, Keyword::ROW])?;
        self.opt_take(parts, Keyword::AS);
        self.take_name(parts)
    }

    fn take_trigger_argument(&mut self, parts: &mut Parts) -> Parsed<()> {
        match self.kind() {
            TokenKind::Integer | TokenKind::Decimal => {
                parts.push(Part::Expr(self.primary()?));
                Ok(())
            }
            _ if self.at_string() => self.take_string(parts),
            _ => self.take_any_name(parts),
        }
    }

    fn create_policy(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::POLICY)?;
        self.opt_take_if_not_exists(parts);
        self.take_name(parts)?;
        self.take(parts, Keyword::ON)?;
        self.take_object(parts)?;
        if self.opt_take(parts, Keyword::AS) {
            self.take_any(parts, &[Keyword::PERMISSIVE, Keyword::RESTRICTIVE])?;
        }
        if self.opt_take(parts, Keyword::FOR) {
            let commands = [
                Keyword::ALL,
                Keyword::SELECT,
                Keyword::INSERT,
                Keyword::UPDATE,
                Keyword::DELETE,
            ];
            self.take_any(parts, &commands)?;
        }
        self.policy_rest(parts)
    }

    /// `TO a USING (..) WITH CHECK (..)`.
    pub(super) fn policy_rest(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take(parts, Keyword::TO) {
            self.take_roles(parts)?;
        }
        let (mut using, mut check) = (false, false);
        loop {
            if !using && self.opt_take(parts, Keyword::USING) {
                using = true;
            } else if !check && self.opt_take_all(parts, &[Keyword::WITH, Keyword::CHECK]) {
                check = true;
            } else {
                return Ok(());
            }
            self.take_paren(parts, Self::take_expr)?;
        }
    }

    /// `CREATE STATISTICS a ON b FROM c ..`.
    fn create_statistics(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(parts, &[Keyword::CREATE, Keyword::STATISTICS])?;
        self.take_name(parts)?;
        if self.opt_take(parts, Keyword::ON) {
            self.take_names(parts)?;
        }
        self.take(parts, Keyword::FROM)?;
        if self.is(TokenKind::LeftBracket) {
            self.advance();
            let id = self.unsigned()?;
            self.expect(TokenKind::RightBracket, "`]`")?;
            parts.push(Part::Number(format!("[{id}]").into()));
        } else {
            self.take_object(parts)?;
        }
        if self.opt_take_all(parts, &[Keyword::WITH, Keyword::OPTIONS]) {
            self.statistics_option(parts)?;
        }
        let (mut throttling, mut as_of) = (0, 0);
        for part in parts.iter() {
            throttling += u32::from(matches!(part, Part::Keyword(Keyword::THROTTLING)));
            as_of += u32::from(matches!(part, Part::Keyword(Keyword::SYSTEM)));
        }
        while self.at_any(&[
            Keyword::THROTTLING,
            Keyword::AS,
            Keyword::USING,
            Keyword::WHERE,
        ]) {
            throttling += u32::from(self.at_keyword(Keyword::THROTTLING));
            as_of += u32::from(self.at_keyword(Keyword::AS));
            if throttling > 1 || as_of > 1 {
                return Err(self.expected("each option of the statistics once"));
            }
            self.statistics_option(parts)?;
        }
        Ok(UtilityKind::Statistics.build(std::mem::take(parts)))
    }

    fn statistics_option(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take_as_of(parts)? {
            return Ok(());
        }
        if self.opt_take_all(parts, &[Keyword::USING, Keyword::EXTREMES]) {
            return Ok(());
        }
        if self.at_keyword(Keyword::WHERE) {
            return self.opt_take_filter(parts);
        }
        self.take(parts, Keyword::THROTTLING)?;
        let token = self.token();
        let fraction = matches!(token.kind, TokenKind::Integer | TokenKind::Decimal)
            .then(|| self.text(token).parse::<f64>().ok())
            .flatten();
        if !fraction.is_some_and(|fraction| (0.0..1.0).contains(&fraction)) {
            return Err(self.expected("a fraction of at least 0 and below 1"));
        }
        self.advance();
        parts.push(Part::Number(self.text(token).into()));
        Ok(())
    }

    /// `ANALYZE a`.
    pub(super) fn analyze(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_any(parts, &[Keyword::ANALYZE, Keyword::ANALYSE])?;
        self.take_object(parts)?;
        Ok(UtilityKind::Statistics.build(std::mem::take(parts)))
    }

    /// `a = b` with an expression as its value.
    pub(super) fn take_setting(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_dotted(parts)?;
        self.take_sign(parts, Punctuation::Equal)?;
        parts.push(Part::Expr(self.variable_value()?));
        Ok(())
    }
}

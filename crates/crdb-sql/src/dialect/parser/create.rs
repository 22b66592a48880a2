//! `CREATE` of everything but tables, indexes and routines.

use super::super::ast::{
    CreateSequence, CreateType, CreateView, Expr, Literal, Persistence, SequenceOption,
    StatementKind, StorageParameter, TypeBody,
};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::CREATE;
use super::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn create(&mut self) -> Parsed<StatementKind> {
        if let Some(utility) = self.utility(CREATE)? {
            return Ok(utility);
        }
        self.advance();
        let or_replace = self.eat_keywords(kw![OR REPLACE]);
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
                self.expect_any(kw![TEMPORARY TEMP])?;
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
        let Some(keyword) = self.eat_any(
            kw![AS CYCLE NO OWNED CACHE PER INCREMENT MINVALUE MAXVALUE START RESTART VIRTUAL],
        ) else {
            return Ok(None);
        };
        Ok(Some(match keyword {
            Keyword::AS => SequenceOption::As(self.data_type()?),
            Keyword::CYCLE => SequenceOption::Cycle(true),
            Keyword::NO => match self.expect_any(kw![CYCLE MINVALUE MAXVALUE])? {
                Keyword::CYCLE => SequenceOption::Cycle(false),
                bound => SequenceOption::Number {
                    option: bound,
                    word: None,
                    number: None,
                },
            },
            Keyword::OWNED => {
                self.expect_keyword(Keyword::BY)?;
                if self.eat_keyword(Keyword::NONE) {
                    SequenceOption::OwnedBy(None)
                } else {
                    SequenceOption::OwnedBy(Some(self.dotted(4)?))
                }
            }
            Keyword::PER => {
                self.expect_any(kw![NODE SESSION])?;
                self.expect_keyword(Keyword::CACHE)?;
                SequenceOption::NodeCache(self.signed()?)
            }
            Keyword::VIRTUAL => SequenceOption::Virtual,
            Keyword::RESTART => {
                let word = self.eat_any(kw![WITH]);
                let number = self.opt_if(word.is_some() || self.at_signed(), Self::signed)?;
                SequenceOption::Number {
                    option: Keyword::RESTART,
                    word,
                    number,
                }
            }
            option => {
                let word = match option {
                    Keyword::INCREMENT => self.eat_any(kw![BY]),
                    Keyword::START => self.eat_any(kw![WITH]),
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
}

//! Changefeeds.

use super::super::ast::{Part, StatementKind, UtilityKind};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::{Build, Parts};
use super::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn create_changefeed(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(parts, &[Keyword::CREATE, Keyword::CHANGEFEED])?;
        let watches = self.opt_take(parts, Keyword::FOR);
        self.changefeed_rest(parts, watches)?;
        Ok(UtilityKind::Changefeed.build(std::mem::take(parts)))
    }

    /// `TABLE a INTO 'b' WITH c` where it `watches` tables, else `INTO 'b' AS SELECT ..`.
    pub(super) fn changefeed_rest(&mut self, parts: &mut Parts, watches: bool) -> Parsed<()> {
        if watches {
            if self.at_keyword(Keyword::DATABASE) && self.name_at(1) {
                self.take(parts, Keyword::DATABASE)?;
                self.take_names(parts)?;
                if self.at_table_filter() {
                    self.take_table_filter(parts)?;
                }
            } else {
                self.changefeed_targets(parts)?;
            }
        }
        if self.opt_take(parts, Keyword::INTO) {
            self.take_string_or_placeholder(parts)?;
        }
        self.opt_take_options(parts)?;
        if !watches {
            self.take(parts, Keyword::AS)?;
            self.changefeed_query(parts)?;
        }
        Ok(())
    }

    fn at_table_filter(&self) -> bool {
        self.at_keywords(&[Keyword::INCLUDE, Keyword::TABLES])
            || self.at_keywords(&[Keyword::EXCLUDE, Keyword::TABLES])
    }

    /// `INCLUDE TABLES a, b` or `EXCLUDE TABLES a, b`.
    fn take_table_filter(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_any(parts, &[Keyword::INCLUDE, Keyword::EXCLUDE])?;
        self.take(parts, Keyword::TABLES)?;
        self.take_objects(parts)
    }

    fn changefeed_targets(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_list(parts, |parser, parts| {
            parser.opt_take(parts, Keyword::TABLE);
            parser.take_object(parts)?;
            if parser.opt_take(parts, Keyword::FAMILY) {
                return parser.take_name(parts);
            }
            // Forms of 2020, which no later version has.
            if parser.opt_take(parts, Keyword::PARTITION) {
                return parser
                    .take_name(parts)
                    .and_then(|()| parser.further_partitions(parts));
            }
            if parser.opt_take_all(parts, &[Keyword::VALUES, Keyword::FROM]) {
                parser.take_paren(parts, Self::take_exprs)?;
                parser.take(parts, Keyword::TO)?;
                return parser.take_paren(parts, Self::take_exprs);
            }
            Ok(())
        })
    }

    fn further_partitions(&mut self, parts: &mut Parts) -> Parsed<()> {
        while self.is(TokenKind::Comma) && self.name_at(1) && !self.keyword_at(1, Keyword::TABLE) {
            self.take_sign(parts, super::super::ast::Punctuation::Comma)?;
            self.take_name(parts)?;
        }
        Ok(())
    }

    /// `SELECT a FROM b WHERE c`: one table, and no more than a filter.
    fn changefeed_query(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::SELECT)?;
        self.take_list(parts, |parser, parts| {
            if parser.is(TokenKind::Star) {
                return parser.take_sign(parts, super::super::ast::Punctuation::Star);
            }
            parser.take_expr(parts)?;
            if let Some(label) = parser.label()? {
                parts.extend([Part::Keyword(Keyword::AS), Part::Name(label)]);
            }
            Ok(())
        })?;
        self.take(parts, Keyword::FROM)?;
        parts.push(Part::Table(Box::new(self.table_name(false)?)));
        if self.opt_take(parts, Keyword::AS) {
            self.take_name(parts)?;
        }
        self.opt_take_filter(parts)
    }

    pub(super) fn alter_changefeed(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(parts, &[Keyword::ALTER, Keyword::CHANGEFEED])?;
        self.take_expr(parts)?;
        loop {
            match self.take_any(
                parts,
                &[Keyword::ADD, Keyword::DROP, Keyword::SET, Keyword::UNSET],
            )? {
                Keyword::ADD => {
                    self.changefeed_targets(parts)?;
                    self.opt_take_options(parts)?;
                }
                Keyword::DROP => self.changefeed_targets(parts)?,
                Keyword::SET if self.at_table_filter() => self.take_table_filter(parts)?,
                Keyword::SET => self.take_list(parts, Self::take_option)?,
                _ if self.at_table_filter() => {
                    self.take_any(parts, &[Keyword::INCLUDE, Keyword::EXCLUDE])?;
                    self.take(parts, Keyword::TABLES)?;
                }
                _ => self.take_names(parts)?,
            }
            if !self.at_any(&[Keyword::ADD, Keyword::DROP, Keyword::SET, Keyword::UNSET]) {
                return Ok(UtilityKind::Changefeed.build(std::mem::take(parts)));
            }
        }
    }
}

//! `DROP`.

use super::super::ast::{Drop, DropTarget, ObjectKind, StatementKind};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::DROP;
use super::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn drop(&mut self) -> Parsed<StatementKind> {
        let kind = match self.kind_at(1) {
            TokenKind::Keyword(Keyword::DATABASE) => ObjectKind::Database,
            TokenKind::Keyword(Keyword::SCHEMA) => ObjectKind::Schema,
            TokenKind::Keyword(Keyword::TABLE) => ObjectKind::Table,
            TokenKind::Keyword(Keyword::INDEX) => ObjectKind::Index,
            TokenKind::Keyword(Keyword::VIEW) => ObjectKind::View,
            TokenKind::Keyword(Keyword::MATERIALIZED) => ObjectKind::MaterializedView,
            TokenKind::Keyword(Keyword::SEQUENCE) => ObjectKind::Sequence,
            TokenKind::Keyword(Keyword::TYPE) => ObjectKind::Type,
            _ => {
                if let Some(utility) = self.utility(DROP)? {
                    return Ok(utility);
                }
                self.advance();
                return Err(self.expected("what to drop, such as `TABLE`"));
            }
        };
        self.at += 2;
        if kind == ObjectKind::MaterializedView {
            self.expect_keyword(Keyword::VIEW)?;
        }
        let concurrently = kind == ObjectKind::Index && self.eat_keyword(Keyword::CONCURRENTLY);
        let if_exists = self.if_exists();
        let targets = match kind {
            // A database stands alone and has one name.
            ObjectKind::Database => {
                let name = super::super::ast::ObjectName {
                    parts: vec![self.name()?],
                };
                vec![DropTarget::Object(name)]
            }
            ObjectKind::Schema => {
                self.comma_list(|parser| parser.schema().map(DropTarget::Object))?
            }
            ObjectKind::Index => {
                self.comma_list(|parser| parser.index_name().map(DropTarget::Index))?
            }
            _ => self.comma_list(|parser| parser.object().map(DropTarget::Object))?,
        };
        let behavior = self.opt_words()?;
        Ok(StatementKind::Drop(Drop {
            kind,
            concurrently,
            if_exists,
            targets,
            behavior,
        }))
    }
}

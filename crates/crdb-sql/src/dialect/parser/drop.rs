//! `DROP`.

use super::super::ast::{Drop, DropTarget, ObjectKind, StatementKind, UtilityKind};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::{Build, Parts};
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
            TokenKind::Keyword(Keyword::ROLE | Keyword::USER | Keyword::GROUP) => {
                return self.role_statement();
            }
            _ => return self.drop_plain(),
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
        let behavior = self.drop_behavior();
        Ok(StatementKind::Drop(Drop {
            kind,
            concurrently,
            if_exists,
            targets,
            behavior,
        }))
    }

    /// `DROP` of what has no node of its own.
    fn drop_plain(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::DROP)?;
        let kind = match self.take_any(
            parts,
            &[
                Keyword::SCHEDULE,
                Keyword::SCHEDULES,
                Keyword::EXTERNAL,
                Keyword::FUNCTION,
                Keyword::PROCEDURE,
                Keyword::DOMAIN,
                Keyword::TRIGGER,
                Keyword::POLICY,
                Keyword::TENANT,
                Keyword::VIRTUAL,
                Keyword::PROVISIONSRC,
            ],
        )? {
            Keyword::SCHEDULE => {
                self.take_expr(parts)?;
                UtilityKind::Schedule
            }
            Keyword::SCHEDULES => {
                self.take_query(parts)?;
                UtilityKind::Schedule
            }
            Keyword::EXTERNAL => {
                self.take(parts, Keyword::CONNECTION)?;
                self.take_string_or_placeholder(parts)?;
                UtilityKind::Drop
            }
            Keyword::FUNCTION | Keyword::PROCEDURE => {
                self.opt_take_if_exists(parts);
                self.take_list(parts, Self::take_routine)?;
                self.opt_take_behavior(parts);
                UtilityKind::Drop
            }
            Keyword::DOMAIN => {
                self.opt_take_if_exists(parts);
                self.take_objects(parts)?;
                self.opt_take_behavior(parts);
                UtilityKind::Drop
            }
            Keyword::TRIGGER | Keyword::POLICY => {
                self.drop_of_table(parts)?;
                UtilityKind::Drop
            }
            first => {
                if first == Keyword::VIRTUAL {
                    self.take(parts, Keyword::CLUSTER)?;
                }
                self.opt_take_if_exists(parts);
                self.take_tenant(parts)?;
                self.opt_take(parts, Keyword::IMMEDIATE);
                UtilityKind::VirtualCluster
            }
        };
        Ok(kind.build(std::mem::take(parts)))
    }

    /// `a ON b`.
    fn drop_of_table(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.opt_take_if_exists(parts);
        self.take_name(parts)?;
        self.take(parts, Keyword::ON)?;
        self.take_object(parts)?;
        self.opt_take_behavior(parts);
        Ok(())
    }
}

//! `SHOW` of objects: tables, columns, grants, ranges.

use super::super::ast::{Part, Punctuation};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::Parts;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// Objects of the schema; says whether it was one of them.
    pub(super) fn show_object(&mut self, parts: &mut Parts) -> Parsed<bool> {
        let Some(keyword) = self.keyword() else {
            return Ok(false);
        };
        match keyword {
            Keyword::DATABASES | Keyword::TYPES => {
                self.take(parts, keyword)?;
                self.with_comment(parts)?;
            }
            Keyword::SCHEMAS => {
                self.take(parts, keyword)?;
                if self.opt_take(parts, Keyword::FROM) {
                    self.take_name(parts)?;
                }
                self.with_comment(parts)?;
            }
            Keyword::TABLES
            | Keyword::SEQUENCES
            | Keyword::ENUMS
            | Keyword::FUNCTIONS
            | Keyword::PROCEDURES => {
                self.take(parts, keyword)?;
                if self.opt_take(parts, Keyword::FROM) {
                    self.take_schema(parts)?;
                }
                self.with_comment(parts)?;
            }
            Keyword::COLUMNS | Keyword::CONSTRAINT | Keyword::CONSTRAINTS => {
                self.take(parts, keyword)?;
                self.take(parts, Keyword::FROM)?;
                self.take_object(parts)?;
                self.with_comment(parts)?;
            }
            Keyword::INDEX | Keyword::INDEXES | Keyword::KEYS => {
                self.take(parts, keyword)?;
                self.take(parts, Keyword::FROM)?;
                if self.at_keyword(Keyword::DATABASE)
                    && self.name_at(1)
                    && !self.keyword_at(1, Keyword::WITH)
                {
                    self.take(parts, Keyword::DATABASE)?;
                    self.take_name(parts)?;
                } else {
                    self.take_object(parts)?;
                }
                self.with_comment(parts)?;
            }
            Keyword::TRIGGERS | Keyword::POLICIES => {
                self.take(parts, keyword)?;
                self.take_any(parts, &[Keyword::FROM, Keyword::FOR])?;
                self.opt_take(parts, Keyword::TABLE);
                self.take_object(parts)?;
            }
            Keyword::CREATE => self.show_create(parts)?,
            Keyword::GRANTS => self.show_grants(parts)?,
            Keyword::SYSTEM => {
                self.take_all(parts, &[Keyword::SYSTEM, Keyword::GRANTS])?;
                self.for_roles(parts)?;
            }
            Keyword::DEFAULT => self.show_defaults(parts)?,
            Keyword::STATISTICS => {
                self.take(parts, Keyword::STATISTICS)?;
                self.opt_take_all(parts, &[Keyword::USING, Keyword::JSON]);
                self.take_all(parts, &[Keyword::FOR, Keyword::TABLE])?;
                self.take_object(parts)?;
                self.opt_take_options(parts)?;
            }
            Keyword::RANGE => {
                self.take_all(parts, &[Keyword::RANGE, Keyword::FROM])?;
                self.table_or_index(parts)?;
                self.take_all(parts, &[Keyword::FOR, Keyword::ROW])?;
                self.take_paren(parts, Self::take_exprs)?;
            }
            Keyword::RANGES => {
                self.take(parts, Keyword::RANGES)?;
                if self.opt_take(parts, Keyword::FROM)
                    && !self.opt_take(parts, Keyword::CURRENT_CATALOG)
                {
                    if self.opt_take(parts, Keyword::DATABASE) {
                        self.take_name(parts)?;
                    } else {
                        self.table_or_index(parts)?;
                    }
                }
                self.show_ranges_options(parts)?;
            }
            Keyword::PARTITIONS => {
                self.take_all(parts, &[Keyword::PARTITIONS, Keyword::FROM])?;
                if self.opt_take(parts, Keyword::DATABASE) {
                    self.take_name(parts)?;
                } else {
                    self.table_or_index(parts)?;
                    if self.is(TokenKind::At) {
                        self.take_sign(parts, Punctuation::At)?;
                        self.take_sign(parts, Punctuation::Star)?;
                    }
                }
            }
            Keyword::REGIONS => self.show_regions(parts)?,
            Keyword::SUPER => {
                self.take_all(
                    parts,
                    &[
                        Keyword::SUPER,
                        Keyword::REGIONS,
                        Keyword::FROM,
                        Keyword::DATABASE,
                    ],
                )?;
                self.take_name(parts)?;
            }
            Keyword::SURVIVAL => {
                self.take_all(
                    parts,
                    &[
                        Keyword::SURVIVAL,
                        Keyword::GOAL,
                        Keyword::FROM,
                        Keyword::DATABASE,
                    ],
                )?;
                if self.at_name() {
                    self.take_name(parts)?;
                }
            }
            Keyword::EXPERIMENTAL_FINGERPRINTS | Keyword::FINGERPRINTS => {
                self.take(parts, keyword)?;
                self.take(parts, Keyword::FROM)?;
                if self.at_any(&[Keyword::TENANT, Keyword::VIRTUAL]) {
                    self.take_tenant_keyword(parts)?;
                    self.take_tenant(parts)?;
                    self.fingerprint_options(parts)?;
                } else {
                    self.take(parts, Keyword::TABLE)?;
                    self.take_object(parts)?;
                    self.fingerprint_options(parts)?;
                }
            }
            Keyword::ZONE => {
                self.take(parts, Keyword::ZONE)?;
                if self.take_any(parts, &[Keyword::CONFIGURATION, Keyword::CONFIGURATIONS])?
                    == Keyword::CONFIGURATION
                {
                    self.show_zone(parts)?;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `WITH EXCLUDE COLUMNS = (..)`, if it is there.
    fn fingerprint_options(&mut self, parts: &mut Parts) -> Parsed<()> {
        let option = |parser: &mut Self, parts: &mut Parts| {
            if parser.opt_take_all(parts, &[Keyword::EXCLUDE, Keyword::COLUMNS]) {
                parser.take_sign(parts, Punctuation::Equal)?;
                return parser.take_string_or_placeholders(parts);
            }
            parser.take(parts, Keyword::START)?;
            parser.take(parts, Keyword::TIMESTAMP)?;
            parser.take_sign(parts, Punctuation::Equal)?;
            parts.push(Part::Expr(parser.primary()?));
            Ok(())
        };
        if !self.opt_take(parts, Keyword::WITH) {
            return Ok(());
        }
        if self.opt_take(parts, Keyword::OPTIONS) {
            return self.take_paren_list(parts, option);
        }
        self.take_list(parts, option)
    }

    fn with_comment(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take(parts, Keyword::WITH) {
            self.take(parts, Keyword::COMMENT)
        } else {
            Ok(())
        }
    }

    /// `TABLE a` or `INDEX b`.
    fn table_or_index(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.take_any(parts, &[Keyword::TABLE, Keyword::INDEX])? == Keyword::TABLE {
            self.take_object(parts)
        } else {
            self.take_index(parts)
        }
    }

    fn show_create(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::CREATE)?;
        match self.keyword() {
            Some(Keyword::ALL) => {
                self.take(parts, Keyword::ALL)?;
                let what = [
                    Keyword::SCHEMAS,
                    Keyword::TABLES,
                    Keyword::TYPES,
                    Keyword::SCHEDULES,
                    Keyword::ROUTINES,
                    Keyword::TRIGGERS,
                    Keyword::EXTERNAL,
                ];
                if self.take_any(parts, &what)? == Keyword::EXTERNAL {
                    self.take(parts, Keyword::CONNECTIONS)?;
                }
                return Ok(());
            }
            Some(Keyword::SCHEDULE) => {
                self.take(parts, Keyword::SCHEDULE)?;
                return self.take_expr(parts);
            }
            Some(Keyword::EXTERNAL) => {
                self.take_all(parts, &[Keyword::EXTERNAL, Keyword::CONNECTION])?;
                return self.take_string_or_placeholder(parts);
            }
            Some(Keyword::FUNCTION | Keyword::PROCEDURE) => {
                self.take_any(parts, &[Keyword::FUNCTION, Keyword::PROCEDURE])?;
                return self.take_routine(parts);
            }
            Some(Keyword::TRIGGER) => {
                self.take(parts, Keyword::TRIGGER)?;
                self.take_name(parts)?;
                self.take(parts, Keyword::ON)?;
                return self.take_object(parts);
            }
            Some(Keyword::SECONDARY) if self.keyword_at(1, Keyword::INDEXES) => {
                self.take_all(parts, &[Keyword::SECONDARY, Keyword::INDEXES])?;
                self.opt_take(parts, Keyword::FROM);
            }
            Some(Keyword::INDEXES) => {
                self.take(parts, Keyword::INDEXES)?;
                self.opt_take(parts, Keyword::FROM);
            }
            // The kind is not needed: `SHOW CREATE a` says the same.
            Some(Keyword::TABLE) => self.take(parts, Keyword::TABLE)?,
            Some(
                Keyword::VIEW
                | Keyword::SEQUENCE
                | Keyword::DATABASE
                | Keyword::SCHEMA
                | Keyword::TYPE,
            ) if self.object_at(1) => {
                self.opt_take_any(
                    parts,
                    &[
                        Keyword::VIEW,
                        Keyword::SEQUENCE,
                        Keyword::DATABASE,
                        Keyword::SCHEMA,
                        Keyword::TYPE,
                    ],
                );
            }
            _ => {}
        }
        self.take_object(parts)?;
        if self.opt_take(parts, Keyword::WITH) {
            self.take_any(parts, &[Keyword::REDACT, Keyword::IGNORE_FOREIGN_KEYS])?;
        }
        Ok(())
    }

    fn show_grants(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::GRANTS)?;
        if self.opt_take(parts, Keyword::ON) {
            self.grants_target(parts)?;
        }
        self.for_roles(parts)
    }

    /// What grants are shown of. `role` may also be a table.
    fn grants_target(&mut self, parts: &mut Parts) -> Parsed<()> {
        match self.keyword() {
            Some(Keyword::ROLE)
                if !matches!(self.kind_at(1), TokenKind::Dot | TokenKind::Comma) =>
            {
                self.take(parts, Keyword::ROLE)?;
                if self.at_name() || self.at_any(&[Keyword::CURRENT_USER, Keyword::SESSION_USER]) {
                    self.take_roles(parts)?;
                }
                Ok(())
            }
            Some(Keyword::SCHEMA) if self.name_at(1) => {
                self.take(parts, Keyword::SCHEMA)?;
                if self.name_at(0)
                    && self.kind_at(1) == TokenKind::Dot
                    && self.kind_at(2) == TokenKind::Star
                {
                    parts.push(Part::ObjectPattern(self.pattern()?));
                    return Ok(());
                }
                self.take_schemas(parts)
            }
            Some(Keyword::TYPE) if self.object_at(1) => {
                self.take(parts, Keyword::TYPE)?;
                self.take_objects(parts)
            }
            _ => self.grant_targets(parts),
        }
    }

    fn for_roles(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take(parts, Keyword::FOR) {
            self.take_roles(parts)
        } else {
            Ok(())
        }
    }

    /// `SHOW DEFAULT PRIVILEGES ..`, `SHOW DEFAULT SESSION VARIABLES FOR ..`.
    fn show_defaults(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::DEFAULT)?;
        if self.opt_take(parts, Keyword::SESSION) {
            self.take_all(parts, &[Keyword::VARIABLES, Keyword::FOR])?;
            self.take_any(parts, &[Keyword::ROLE, Keyword::USER, Keyword::GROUP])?;
            return if self.opt_take(parts, Keyword::ALL) {
                Ok(())
            } else {
                self.take_role(parts)
            };
        }
        self.take(parts, Keyword::PRIVILEGES)?;
        if self.opt_take(parts, Keyword::FOR) {
            match self.take_any(
                parts,
                &[
                    Keyword::ROLE,
                    Keyword::USER,
                    Keyword::GROUP,
                    Keyword::GRANTEE,
                    Keyword::ALL,
                ],
            )? {
                Keyword::ALL => self.take(parts, Keyword::ROLES)?,
                _ => self.take_roles(parts)?,
            }
        }
        if self.opt_take_all(parts, &[Keyword::IN, Keyword::SCHEMA]) {
            self.take_schemas(parts)?;
        }
        Ok(())
    }

    fn show_regions(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::REGIONS)?;
        if !self.opt_take(parts, Keyword::FROM) {
            return Ok(());
        }
        match self.take_any(parts, &[Keyword::CLUSTER, Keyword::DATABASE, Keyword::ALL])? {
            Keyword::ALL => self.take(parts, Keyword::DATABASES),
            Keyword::DATABASE if self.at_name() => self.take_name(parts),
            _ => Ok(()),
        }
    }
}

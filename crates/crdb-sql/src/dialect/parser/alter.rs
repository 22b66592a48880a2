//! `ALTER` of everything, and where it leads.

use super::super::ast::{Part, Punctuation, SetScope, SetVariable, StatementKind, UtilityKind};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::{Build, Parts};
use super::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn alter(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        let kind = match self.kind_at(1) {
            TokenKind::Keyword(Keyword::TABLE) => return self.alter_table(),
            TokenKind::Keyword(Keyword::ROLE | Keyword::USER | Keyword::GROUP) => {
                return self.role_statement();
            }
            TokenKind::Keyword(Keyword::CHANGEFEED) => return self.alter_changefeed(),
            TokenKind::Keyword(Keyword::BACKUP) => return self.alter_backup(),
            TokenKind::Keyword(Keyword::TENANT | Keyword::VIRTUAL) => return self.alter_cluster(),
            TokenKind::Keyword(Keyword::RANGE) => return self.alter_range(),
            TokenKind::Keyword(Keyword::PARTITION) => return self.alter_partition(),
            _ => {
                self.take(parts, Keyword::ALTER)?;
                match self.keyword() {
                    Some(Keyword::INDEX) => self.alter_index(parts)?,
                    Some(Keyword::DATABASE) => self.alter_database(parts)?,
                    Some(Keyword::VIEW | Keyword::MATERIALIZED | Keyword::SEQUENCE) => {
                        self.alter_relation(parts)?;
                        UtilityKind::Alter
                    }
                    Some(Keyword::SCHEMA) => {
                        self.take(parts, Keyword::SCHEMA)?;
                        self.take_schema(parts)?;
                        self.rename_or_owner(parts)?;
                        UtilityKind::Alter
                    }
                    Some(Keyword::TYPE) => {
                        self.alter_type(parts)?;
                        UtilityKind::Alter
                    }
                    Some(Keyword::FUNCTION | Keyword::PROCEDURE) => {
                        self.alter_routine(parts)?;
                        UtilityKind::Alter
                    }
                    Some(Keyword::DOMAIN) => {
                        self.alter_domain(parts)?;
                        UtilityKind::Alter
                    }
                    Some(Keyword::POLICY) => {
                        self.alter_policy(parts)?;
                        UtilityKind::Alter
                    }
                    Some(Keyword::DEFAULT) => {
                        self.alter_default_privileges(parts)?;
                        UtilityKind::Grant
                    }
                    Some(Keyword::EXTERNAL) => {
                        self.take_all(parts, &[Keyword::EXTERNAL, Keyword::CONNECTION])?;
                        self.opt_take_if_exists(parts);
                        self.take_string_or_placeholder(parts)?;
                        self.take(parts, Keyword::AS)?;
                        self.take_string_or_placeholder(parts)?;
                        UtilityKind::Alter
                    }
                    Some(Keyword::JOB) => {
                        self.take(parts, Keyword::JOB)?;
                        self.take_expr(parts)?;
                        self.take_owner(parts)?;
                        UtilityKind::Job
                    }
                    _ => return Err(self.expected("what to alter, such as `TABLE`")),
                }
            }
        };
        Ok(kind.build(std::mem::take(parts)))
    }

    /// `ALTER TABLE`: changes to the table, or to where it is and what it is called.
    fn alter_table(&mut self) -> Parsed<StatementKind> {
        self.at += 2;
        let if_exists = self.if_exists();
        let table = self.relation()?;
        let renames = self.at_keywords(&[Keyword::RENAME, Keyword::TO]);
        let sets = self.at_keyword(Keyword::SET)
            && (self.keyword_at(1, Keyword::SCHEMA) || self.keyword_at(1, Keyword::LOCALITY));
        let placed = self.at_ranges() || self.at_any(&[Keyword::CONFIGURE, Keyword::OWNER]);
        if !renames && !sets && !placed {
            return self.alter_table_actions(if_exists, table);
        }
        let parts = &mut vec![Part::Keyword(Keyword::ALTER), Part::Keyword(Keyword::TABLE)];
        if if_exists {
            parts.extend([Keyword::IF, Keyword::EXISTS].map(Part::Keyword));
        }
        parts.push(Part::Object(table));
        let kind = if self.at_keyword(Keyword::CONFIGURE) {
            self.configure_zone(parts)?;
            UtilityKind::ConfigureZone
        } else if self.at_ranges() {
            self.ranges(parts)?;
            UtilityKind::Ranges
        } else if self.at_keyword(Keyword::OWNER) {
            self.take_owner(parts)?;
            UtilityKind::Alter
        } else if self.opt_take_all(parts, &[Keyword::RENAME, Keyword::TO]) {
            self.take_object(parts)?;
            UtilityKind::Alter
        } else if self.opt_take_all(parts, &[Keyword::SET, Keyword::SCHEMA]) {
            self.take_name(parts)?;
            UtilityKind::Alter
        } else {
            self.take(parts, Keyword::SET)?;
            self.take_locality(parts)?;
            UtilityKind::Alter
        };
        Ok(kind.build(std::mem::take(parts)))
    }

    /// `LOCALITY ..`.
    fn take_locality(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::LOCALITY)?;
        if self.take_any(parts, &[Keyword::GLOBAL, Keyword::REGIONAL])? == Keyword::GLOBAL {
            return Ok(());
        }
        if self.opt_take_all(parts, &[Keyword::BY, Keyword::ROW]) {
            return if self.opt_take(parts, Keyword::AS) {
                self.take_name(parts)
            } else {
                Ok(())
            };
        }
        self.opt_take_all(parts, &[Keyword::BY, Keyword::TABLE]);
        if !self.opt_take(parts, Keyword::IN)
            || self.opt_take_all(parts, &[Keyword::PRIMARY, Keyword::REGION])
        {
            return Ok(());
        }
        self.take_region(parts)
    }

    fn alter_index(&mut self, parts: &mut Parts) -> Parsed<UtilityKind> {
        self.take(parts, Keyword::INDEX)?;
        self.opt_take_if_exists(parts);
        self.take_index(parts)?;
        if self.at_keyword(Keyword::CONFIGURE) {
            self.configure_zone(parts)?;
            return Ok(UtilityKind::ConfigureZone);
        }
        if self.at_ranges() {
            self.ranges(parts)?;
            return Ok(UtilityKind::Ranges);
        }
        if self.opt_take_all(parts, &[Keyword::RENAME, Keyword::TO]) {
            self.take_any_name(parts)?;
        } else if self.opt_take_all(parts, &[Keyword::NOT, Keyword::VISIBLE])
            || self.opt_take_any(parts, &[Keyword::VISIBLE, Keyword::INVISIBLE])
        {
        } else if self.opt_take(parts, Keyword::VISIBILITY) {
            self.check_visibility()?;
            parts.push(Part::Expr(self.primary()?));
        } else {
            self.take_list(parts, |parser, parts| {
                if parser.at_any(&[Keyword::SET, Keyword::RESET]) {
                    return parser.set_or_reset_parameters(parts);
                }
                parser.take_all(parts, &[Keyword::PARTITION, Keyword::BY])?;
                parts.push(Part::Partition(Box::new(parser.partitions()?)));
                Ok(())
            })?;
        }
        Ok(UtilityKind::Alter)
    }

    /// `ALTER VIEW`, `ALTER MATERIALIZED VIEW`, `ALTER SEQUENCE`.
    fn alter_relation(&mut self, parts: &mut Parts) -> Parsed<()> {
        let first = self.take_any(
            parts,
            &[Keyword::VIEW, Keyword::MATERIALIZED, Keyword::SEQUENCE],
        )?;
        if first == Keyword::MATERIALIZED {
            self.take(parts, Keyword::VIEW)?;
        }
        self.opt_take_if_exists(parts);
        self.take_relation(parts)?;
        if self.opt_take_all(parts, &[Keyword::RENAME, Keyword::TO]) {
            return self.take_object(parts);
        }
        if self.at_keyword(Keyword::OWNER) {
            return self.take_owner(parts);
        }
        if self.opt_take_all(parts, &[Keyword::SET, Keyword::SCHEMA]) {
            return self.take_name(parts);
        }
        if first == Keyword::VIEW && self.opt_take_any(parts, &[Keyword::SET, Keyword::RESET]) {
            return self.take_paren_list(parts, |parser, parts| {
                parser.take_name(parts)?;
                if parser.is(TokenKind::Equal) {
                    parser.take_sign(parts, Punctuation::Equal)?;
                    parts.push(Part::Expr(parser.variable_value()?));
                }
                Ok(())
            });
        }
        if first != Keyword::SEQUENCE {
            return Err(self.expected("a change of the view"));
        }
        let start = self.at;
        self.sequence_parts(parts)?;
        if self.at == start {
            Err(self.expected("a change of the sequence"))
        } else {
            Ok(())
        }
    }

    /// Options of a sequence as parts.
    fn sequence_parts(&mut self, parts: &mut Parts) -> Parsed<()> {
        loop {
            if self.opt_take(parts, Keyword::NO) {
                self.take_any(
                    parts,
                    &[Keyword::CYCLE, Keyword::MINVALUE, Keyword::MAXVALUE],
                )?;
            } else if self.opt_take_any(parts, &[Keyword::CYCLE, Keyword::VIRTUAL]) {
            } else if self.opt_take(parts, Keyword::AS) {
                self.take_type(parts)?;
            } else if self.opt_take_all(parts, &[Keyword::OWNED, Keyword::BY]) {
                if !self.opt_take(parts, Keyword::NONE) {
                    parts.push(Part::Object(self.dotted(4)?));
                }
            } else if self.opt_take(parts, Keyword::RESTART) {
                if self.opt_take(parts, Keyword::WITH) || self.at_signed() {
                    self.take_signed(parts)?;
                }
            } else if self.opt_take(parts, Keyword::PER) {
                self.take_any(parts, &[Keyword::NODE, Keyword::SESSION])?;
                self.take(parts, Keyword::CACHE)?;
                self.take_signed(parts)?;
            } else if self.opt_take(parts, Keyword::INCREMENT) {
                self.opt_take(parts, Keyword::BY);
                self.take_signed(parts)?;
            } else if self.opt_take(parts, Keyword::START) {
                self.opt_take(parts, Keyword::WITH);
                self.take_signed(parts)?;
            } else if self.opt_take_any(
                parts,
                &[Keyword::CACHE, Keyword::MINVALUE, Keyword::MAXVALUE],
            ) {
                self.take_signed(parts)?;
            } else {
                return Ok(());
            }
        }
    }

    fn rename_or_owner(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take_all(parts, &[Keyword::RENAME, Keyword::TO]) {
            self.take_name(parts)
        } else {
            self.take_owner(parts)
        }
    }

    fn alter_type(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::TYPE)?;
        self.take_object(parts)?;
        if self.opt_take_all(parts, &[Keyword::ADD, Keyword::VALUE]) {
            self.opt_take_if_not_exists(parts);
            self.take_string(parts)?;
            if self.opt_take_any(parts, &[Keyword::BEFORE, Keyword::AFTER]) {
                self.take_string(parts)?;
            }
            return Ok(());
        }
        if self.opt_take_all(parts, &[Keyword::DROP, Keyword::VALUE]) {
            return self.take_string(parts);
        }
        if self.opt_take_all(parts, &[Keyword::RENAME, Keyword::VALUE]) {
            self.take_string(parts)?;
            self.take(parts, Keyword::TO)?;
            return self.take_string(parts);
        }
        if self.opt_take_all(parts, &[Keyword::SET, Keyword::SCHEMA]) {
            return self.take_name(parts);
        }
        self.rename_or_owner(parts)
    }

    fn alter_policy(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::POLICY)?;
        self.take_name(parts)?;
        self.take(parts, Keyword::ON)?;
        self.take_object(parts)?;
        if self.opt_take_all(parts, &[Keyword::RENAME, Keyword::TO]) {
            return self.take_name(parts);
        }
        self.policy_rest(parts)
    }

    fn alter_database(&mut self, parts: &mut Parts) -> Parsed<UtilityKind> {
        self.take(parts, Keyword::DATABASE)?;
        self.take_name(parts)?;
        match self.keyword() {
            Some(Keyword::CONFIGURE) => {
                self.configure_zone(parts)?;
                return Ok(UtilityKind::ConfigureZone);
            }
            Some(Keyword::RENAME | Keyword::OWNER) => self.rename_or_owner(parts)?,
            Some(Keyword::CONVERT) => {
                self.take_all(
                    parts,
                    &[
                        Keyword::CONVERT,
                        Keyword::TO,
                        Keyword::SCHEMA,
                        Keyword::WITH,
                        Keyword::PARENT,
                    ],
                )?;
                self.take_name(parts)?;
            }
            Some(Keyword::ADD | Keyword::DROP) => self.alter_database_regions(parts)?,
            Some(Keyword::PRIMARY | Keyword::SURVIVE | Keyword::PLACEMENT) => {
                self.database_region_clause(parts)?;
            }
            Some(Keyword::ALTER) => return self.alter_database_alter(parts),
            Some(Keyword::SET)
                if self.keyword_at(1, Keyword::PRIMARY)
                    || self.keyword_at(1, Keyword::SECONDARY) =>
            {
                self.take(parts, Keyword::SET)?;
                self.database_region_clause(parts)?;
            }
            _ => self.set_or_reset(parts)?,
        }
        Ok(UtilityKind::Alter)
    }

    fn alter_database_regions(&mut self, parts: &mut Parts) -> Parsed<()> {
        let adds = self.take_any(parts, &[Keyword::ADD, Keyword::DROP])? == Keyword::ADD;
        match self.take_any(
            parts,
            &[Keyword::REGION, Keyword::SUPER, Keyword::SECONDARY],
        )? {
            Keyword::REGION => {
                if adds {
                    self.opt_take_if_not_exists(parts);
                } else {
                    self.opt_take_if_exists(parts);
                }
                self.take_region(parts)
            }
            Keyword::SUPER => {
                self.take(parts, Keyword::REGION)?;
                self.take_region(parts)?;
                if adds {
                    self.super_region_values(parts)
                } else {
                    Ok(())
                }
            }
            _ if adds => Err(self.expected("a region: a secondary one is set, not added")),
            _ => {
                self.take(parts, Keyword::REGION)?;
                self.opt_take_if_exists(parts);
                Ok(())
            }
        }
    }

    fn super_region_values(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::VALUES)?;
        self.take_list(parts, Self::take_region)
    }

    fn alter_database_alter(&mut self, parts: &mut Parts) -> Parsed<UtilityKind> {
        self.take(parts, Keyword::ALTER)?;
        if self.opt_take_all(parts, &[Keyword::SUPER, Keyword::REGION]) {
            self.take_region(parts)?;
            self.super_region_values(parts)?;
            return Ok(UtilityKind::Alter);
        }
        self.take(parts, Keyword::LOCALITY)?;
        if self.take_any(parts, &[Keyword::GLOBAL, Keyword::REGIONAL])? == Keyword::REGIONAL
            && self.opt_take(parts, Keyword::IN)
        {
            self.take_region(parts)?;
        }
        self.configure_zone(parts)?;
        Ok(UtilityKind::ConfigureZone)
    }

    /// `SET a = b`, `RESET a`, `RESET ALL`, of a role or database.
    pub(super) fn set_or_reset(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.take_any(parts, &[Keyword::SET, Keyword::RESET])? == Keyword::RESET {
            return self.session_variable(parts);
        }
        let SetVariable { name, values, .. } = self.set_rest(SetScope::Default)?;
        for (at, part) in name.into_iter().enumerate() {
            if at > 0 {
                parts.push(Part::Punctuation(Punctuation::Dot));
            }
            parts.push(Part::Name(part));
        }
        parts.push(Part::Punctuation(Punctuation::Equal));
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                parts.push(Part::Punctuation(Punctuation::Comma));
            }
            parts.push(Part::Expr(value));
        }
        Ok(())
    }
}

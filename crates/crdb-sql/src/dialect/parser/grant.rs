//! Roles and what they may do.

use super::super::ast::{Ident, Part, StatementKind, UtilityKind};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::{Build, Parts};
use super::{Parsed, Parser};

/// Options of a role that are one word.
const ROLE_WORDS: [Keyword; 31] = [
    Keyword::CREATEROLE,
    Keyword::NOCREATEROLE,
    Keyword::LOGIN,
    Keyword::NOLOGIN,
    Keyword::CONTROLJOB,
    Keyword::NOCONTROLJOB,
    Keyword::CONTROLCHANGEFEED,
    Keyword::NOCONTROLCHANGEFEED,
    Keyword::CREATEDB,
    Keyword::NOCREATEDB,
    Keyword::CREATELOGIN,
    Keyword::NOCREATELOGIN,
    Keyword::VIEWACTIVITY,
    Keyword::NOVIEWACTIVITY,
    Keyword::VIEWACTIVITYREDACTED,
    Keyword::NOVIEWACTIVITYREDACTED,
    Keyword::CANCELQUERY,
    Keyword::NOCANCELQUERY,
    Keyword::MODIFYCLUSTERSETTING,
    Keyword::NOMODIFYCLUSTERSETTING,
    Keyword::SQLLOGIN,
    Keyword::NOSQLLOGIN,
    Keyword::VIEWCLUSTERSETTING,
    Keyword::NOVIEWCLUSTERSETTING,
    Keyword::REPLICATION,
    Keyword::NOREPLICATION,
    Keyword::BYPASSRLS,
    Keyword::NOBYPASSRLS,
    Keyword::VIEWDEBUG,
    Keyword::VIEWCLUSTERMETADATA,
    Keyword::ENCRYPTED,
];

impl Parser<'_> {
    pub(super) fn grant(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::GRANT)?;
        self.grant_rest(parts, true)?;
        Ok(UtilityKind::Grant.build(std::mem::take(parts)))
    }

    pub(super) fn revoke(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::REVOKE)?;
        let admin = self.opt_take_all(parts, &[Keyword::ADMIN, Keyword::OPTION, Keyword::FOR]);
        if !admin {
            self.opt_take_all(parts, &[Keyword::GRANT, Keyword::OPTION, Keyword::FOR]);
        }
        self.grant_rest(parts, false)?;
        Ok(UtilityKind::Revoke.build(std::mem::take(parts)))
    }

    /// Privileges on an object to a role, or roles to a role.
    fn grant_rest(&mut self, parts: &mut Parts, grants: bool) -> Parsed<()> {
        let to = if grants { Keyword::TO } else { Keyword::FROM };
        let system = self.at_keyword(Keyword::SYSTEM)
            && !matches!(self.kind_at(1), TokenKind::Comma)
            && { !self.keyword_at(1, to) };
        if system {
            self.take(parts, Keyword::SYSTEM)?;
        }
        self.privileges(parts)?;
        let on = !system && self.opt_take(parts, Keyword::ON);
        if on {
            self.privilege_target(parts)?;
        }
        self.take(parts, to)?;
        self.take_roles(parts)?;
        if grants && self.opt_take(parts, Keyword::WITH) {
            self.take_any(
                parts,
                if on || system {
                    &[Keyword::GRANT]
                } else {
                    &[Keyword::ADMIN]
                },
            )?;
            self.take(parts, Keyword::OPTION)?;
        }
        Ok(())
    }

    /// `ALL PRIVILEGES`, or a list of privileges or roles.
    fn privileges(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take(parts, Keyword::ALL) {
            self.opt_take(parts, Keyword::PRIVILEGES);
            return Ok(());
        }
        self.take_list(parts, |parser, parts| {
            if parser.opt_take_any(parts, &[Keyword::CREATE, Keyword::GRANT, Keyword::SELECT]) {
                return Ok(());
            }
            parser.take_name(parts)
        })
    }

    /// What a privilege is on.
    fn privilege_target(&mut self, parts: &mut Parts) -> Parsed<()> {
        match self.keyword() {
            Some(Keyword::TYPE) if self.object_at(1) => {
                self.take(parts, Keyword::TYPE)?;
                self.take_objects(parts)
            }
            Some(Keyword::SCHEMA) if self.name_at(1) => {
                self.take(parts, Keyword::SCHEMA)?;
                self.take_schemas(parts)
            }
            Some(Keyword::ALL) => {
                self.take(parts, Keyword::ALL)?;
                let what = [
                    Keyword::TABLES,
                    Keyword::SEQUENCES,
                    Keyword::FUNCTIONS,
                    Keyword::PROCEDURES,
                    Keyword::ROUTINES,
                ];
                self.take_any(parts, &what)?;
                self.take_all(parts, &[Keyword::IN, Keyword::SCHEMA])?;
                self.take_schemas(parts)
            }
            _ => self.grant_targets(parts),
        }
    }

    /// Tables, databases, sequences, functions, connections.
    pub(super) fn grant_targets(&mut self, parts: &mut Parts) -> Parsed<()> {
        match self.keyword() {
            Some(Keyword::TABLE) => {
                self.take(parts, Keyword::TABLE)?;
                self.take_patterns(parts)
            }
            Some(Keyword::SEQUENCE) if self.name_at(1) || self.kind_at(1) == TokenKind::Star => {
                self.take(parts, Keyword::SEQUENCE)?;
                self.take_patterns(parts)
            }
            Some(Keyword::DATABASE) if self.name_at(1) => {
                self.take(parts, Keyword::DATABASE)?;
                self.take_names(parts)
            }
            Some(Keyword::TENANT) if self.kind_at(1) == TokenKind::Integer => {
                self.take(parts, Keyword::TENANT)?;
                self.take_number(parts)
            }
            Some(Keyword::EXTERNAL) if self.keyword_at(1, Keyword::CONNECTION) => {
                self.take_all(parts, &[Keyword::EXTERNAL, Keyword::CONNECTION])?;
                self.take_names(parts)
            }
            Some(Keyword::FUNCTION | Keyword::PROCEDURE) if self.object_at(1) => {
                self.take_any(parts, &[Keyword::FUNCTION, Keyword::PROCEDURE])?;
                self.take_list(parts, Self::take_routine)
            }
            _ => self.take_patterns(parts),
        }
    }

    /// Tables, or all tables of something.
    pub(super) fn take_patterns(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_list(parts, |parser, parts| {
            if parser.is(TokenKind::Star) {
                parser.advance();
                parts.push(Part::ObjectPattern(Vec::new()));
                return Ok(());
            }
            // Past the dotted name: a star there makes it a pattern.
            let past = (1..6)
                .step_by(2)
                .find(|ahead| parser.kind_at(*ahead) != TokenKind::Dot)
                .unwrap_or(1);
            if past > 1 && parser.kind_at(past - 1) == TokenKind::Star {
                parts.push(Part::ObjectPattern(parser.pattern()?));
                return Ok(());
            }
            parser.take_object(parts)
        })
    }

    /// `a.*` or `a.b.*`: the names before the star.
    pub(super) fn pattern(&mut self) -> Parsed<Vec<Ident>> {
        let mut names = vec![self.object_part()?];
        loop {
            self.expect(TokenKind::Dot, "`.`")?;
            if self.eat(TokenKind::Star) {
                return Ok(names);
            }
            names.push(self.any_name()?);
        }
    }

    /// `ALTER DEFAULT PRIVILEGES ..`, behind `ALTER`.
    pub(super) fn alter_default_privileges(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_all(parts, &[Keyword::DEFAULT, Keyword::PRIVILEGES])?;
        if self.opt_take(parts, Keyword::FOR) {
            match self.take_any(
                parts,
                &[Keyword::ROLE, Keyword::USER, Keyword::GROUP, Keyword::ALL],
            )? {
                Keyword::ALL => self.take(parts, Keyword::ROLES)?,
                _ => self.take_roles(parts)?,
            }
        }
        if self.opt_take_all(parts, &[Keyword::IN, Keyword::SCHEMA]) {
            self.take_schemas(parts)?;
        }
        let grants = self.take_any(parts, &[Keyword::GRANT, Keyword::REVOKE])? == Keyword::GRANT;
        if !grants {
            self.opt_take_all(parts, &[Keyword::GRANT, Keyword::OPTION, Keyword::FOR]);
        }
        self.privileges(parts)?;
        self.take(parts, Keyword::ON)?;
        let what = [
            Keyword::TABLES,
            Keyword::SEQUENCES,
            Keyword::TYPES,
            Keyword::SCHEMAS,
            Keyword::FUNCTIONS,
            Keyword::ROUTINES,
        ];
        self.take_any(parts, &what)?;
        self.take(parts, if grants { Keyword::TO } else { Keyword::FROM })?;
        self.take_roles(parts)?;
        if grants {
            self.opt_take_all(parts, &[Keyword::WITH, Keyword::GRANT, Keyword::OPTION]);
        } else {
            self.opt_take_behavior(parts);
        }
        Ok(())
    }

    /// `CREATE`, `ALTER` or `DROP` of a role or user.
    pub(super) fn role_statement(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        let verb = self.take_any(parts, &[Keyword::CREATE, Keyword::ALTER, Keyword::DROP])?;
        self.take_any(parts, &[Keyword::ROLE, Keyword::USER, Keyword::GROUP])?;
        match verb {
            Keyword::DROP => {
                self.opt_take_if_exists(parts);
                self.take_roles(parts)?;
            }
            Keyword::CREATE => {
                self.opt_take_if_not_exists(parts);
                self.take_role(parts)?;
                self.role_options(parts)?;
            }
            _ => {
                self.opt_take_if_exists(parts);
                if self.opt_take(parts, Keyword::ALL) {
                    self.in_database(parts)?;
                    self.set_or_reset(parts)?;
                } else {
                    self.take_role(parts)?;
                    if self.at_any(&[Keyword::IN, Keyword::SET, Keyword::RESET]) {
                        self.in_database(parts)?;
                        self.set_or_reset(parts)?;
                    } else {
                        self.role_options(parts)?;
                    }
                }
            }
        }
        Ok(UtilityKind::Role.build(std::mem::take(parts)))
    }

    fn in_database(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take_all(parts, &[Keyword::IN, Keyword::DATABASE]) {
            self.take_name(parts)
        } else {
            Ok(())
        }
    }

    /// `WITH LOGIN PASSWORD 'a'`, if it is there.
    fn role_options(&mut self, parts: &mut Parts) -> Parsed<()> {
        let with = self.opt_take(parts, Keyword::WITH);
        let mut any = false;
        loop {
            let values = [Keyword::PASSWORD, Keyword::SUBJECT, Keyword::PROVISIONSRC];
            if self.opt_take_any(parts, &values)
                || self.opt_take_all(parts, &[Keyword::VALID, Keyword::UNTIL])
            {
                self.string_or_null(parts)?;
            } else if !self.opt_take_any(parts, &ROLE_WORDS) {
                break;
            }
            any = true;
        }
        if with && !any {
            return Err(self.expected("an option of the role"));
        }
        Ok(())
    }

    fn string_or_null(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take(parts, Keyword::NULL) {
            Ok(())
        } else {
            self.take_string_or_placeholder(parts)
        }
    }

    /// `REASSIGN OWNED BY a TO b`.
    pub(super) fn reassign_owned(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(parts, &[Keyword::REASSIGN, Keyword::OWNED, Keyword::BY])?;
        self.take_roles(parts)?;
        self.take(parts, Keyword::TO)?;
        self.take_role(parts)?;
        Ok(UtilityKind::Role.build(std::mem::take(parts)))
    }

    /// `DROP OWNED BY a`.
    pub(super) fn drop_owned(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(parts, &[Keyword::DROP, Keyword::OWNED, Keyword::BY])?;
        self.take_roles(parts)?;
        self.opt_take_behavior(parts);
        Ok(UtilityKind::Role.build(std::mem::take(parts)))
    }

    /// `COMMENT ON .. IS ..`.
    pub(super) fn comment(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(parts, &[Keyword::COMMENT, Keyword::ON])?;
        let what = [
            Keyword::DATABASE,
            Keyword::SCHEMA,
            Keyword::TYPE,
            Keyword::TABLE,
            Keyword::COLUMN,
            Keyword::INDEX,
            Keyword::CONSTRAINT,
        ];
        match self.take_any(parts, &what)? {
            Keyword::DATABASE => self.take_name(parts)?,
            Keyword::SCHEMA => self.take_schema(parts)?,
            Keyword::COLUMN => parts.push(Part::Object(self.dotted(4)?)),
            Keyword::INDEX => self.take_index(parts)?,
            Keyword::CONSTRAINT => {
                self.take_name(parts)?;
                self.take(parts, Keyword::ON)?;
                self.take_object(parts)?;
            }
            _ => self.take_object(parts)?,
        }
        self.take(parts, Keyword::IS)?;
        if !self.opt_take(parts, Keyword::NULL) {
            self.take_string(parts)?;
        }
        Ok(UtilityKind::Comment.build(std::mem::take(parts)))
    }

    /// A virtual cluster: an operand; in brackets, any expression.
    pub(super) fn take_tenant(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.is(TokenKind::LeftBracket) {
            self.advance();
            let inner = self.expr()?;
            self.expect(TokenKind::RightBracket, "`]`")?;
            parts.push(Part::InBrackets(Box::new(inner)));
            return Ok(());
        }
        if self.opt_take(parts, Keyword::ALL) {
            return Ok(());
        }
        parts.push(Part::Expr(self.primary()?));
        Ok(())
    }

    /// `TENANT` or `VIRTUAL CLUSTER`.
    pub(super) fn take_tenant_keyword(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.take_any(parts, &[Keyword::TENANT, Keyword::VIRTUAL])? == Keyword::VIRTUAL {
            self.take(parts, Keyword::CLUSTER)?;
        }
        Ok(())
    }
}

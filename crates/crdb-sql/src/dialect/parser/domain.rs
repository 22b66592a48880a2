//! `CREATE DOMAIN` and `ALTER DOMAIN`.

use super::super::keyword::Keyword;
use super::utility::Parts;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// `DOMAIN a AS INT8 NOT NULL CHECK (value > 0)`, behind `CREATE`. `AS` means nothing, so it is always kept.
    pub(super) fn create_domain(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::DOMAIN)?;
        self.take_object(parts)?;
        if !self.opt_take(parts, Keyword::AS) {
            parts.push(super::super::ast::Part::Keyword(Keyword::AS));
        }
        self.take_type(parts)?;
        if self.opt_take(parts, Keyword::COLLATE) {
            self.take_any_name(parts)?;
        }
        loop {
            if self.opt_take(parts, Keyword::DEFAULT) {
                let default = self.restricted_expr()?;
                parts.push(super::super::ast::Part::Expr(default));
            } else if !self.opt_domain_constraint(parts)? {
                return Ok(());
            }
        }
    }

    /// `NOT NULL`, `NULL` or `CHECK (..)`, with a name or without, if it is there.
    fn opt_domain_constraint(&mut self, parts: &mut Parts) -> Parsed<bool> {
        let named = self.opt_take(parts, Keyword::CONSTRAINT);
        if named {
            self.take_name(parts)?;
        }
        if self.opt_take_all(parts, &[Keyword::NOT, Keyword::NULL])
            || self.opt_take(parts, Keyword::NULL)
        {
            return Ok(true);
        }
        if named || self.at_keyword(Keyword::CHECK) {
            self.take(parts, Keyword::CHECK)?;
            self.take_paren(parts, Self::take_expr)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// `DOMAIN a SET NOT NULL`, behind `ALTER`.
    pub(super) fn alter_domain(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::DOMAIN)?;
        self.take_object(parts)?;
        if self.at_keyword(Keyword::OWNER) {
            return self.take_owner(parts);
        }
        let action = self.take_any(
            parts,
            &[
                Keyword::SET,
                Keyword::DROP,
                Keyword::ADD,
                Keyword::RENAME,
                Keyword::VALIDATE,
            ],
        )?;
        match action {
            Keyword::SET if self.opt_take(parts, Keyword::DEFAULT) => self.take_expr(parts),
            Keyword::SET if self.opt_take(parts, Keyword::SCHEMA) => self.take_name(parts),
            Keyword::DROP if self.opt_take(parts, Keyword::DEFAULT) => Ok(()),
            Keyword::SET | Keyword::DROP if self.at_keyword(Keyword::NOT) => {
                self.take_all(parts, &[Keyword::NOT, Keyword::NULL])
            }
            Keyword::DROP => {
                self.take(parts, Keyword::CONSTRAINT)?;
                self.opt_take_if_exists(parts);
                self.take_name(parts)?;
                self.opt_take_behavior(parts);
                Ok(())
            }
            Keyword::ADD => {
                if !self.opt_domain_constraint(parts)? {
                    return Err(self.expected("a constraint of the domain"));
                }
                self.opt_take_all(parts, &[Keyword::NOT, Keyword::VALID]);
                Ok(())
            }
            Keyword::RENAME => {
                if self.opt_take(parts, Keyword::CONSTRAINT) {
                    self.take_name(parts)?;
                }
                self.take(parts, Keyword::TO)?;
                self.take_name(parts)
            }
            Keyword::VALIDATE => {
                self.take(parts, Keyword::CONSTRAINT)?;
                self.take_name(parts)
            }
            _ => Err(self.expected("`DEFAULT`, `NOT NULL` or `SCHEMA`")),
        }
    }
}

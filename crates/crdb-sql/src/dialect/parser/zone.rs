//! Zone configurations, and where ranges lie.

use super::super::ast::{Part, Punctuation, StatementKind, UtilityKind};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::{Build, Parts};
use super::{Parsed, Parser};

/// The words for moving replicas.
const RELOCATE: [Keyword; 3] = [
    Keyword::EXPERIMENTAL_RELOCATE,
    Keyword::TESTING_RELOCATE,
    Keyword::RELOCATE,
];

impl Parser<'_> {
    /// `CONFIGURE ZONE ..`.
    pub(super) fn configure_zone(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_all(parts, &[Keyword::CONFIGURE, Keyword::ZONE])?;
        if self.opt_take(parts, Keyword::DISCARD) {
            return Ok(());
        }
        if self.is(TokenKind::Equal) || self.at_keyword(Keyword::TO) {
            // The older form: a document in YAML.
            if !self.opt_take(parts, Keyword::TO) {
                self.take_sign(parts, Punctuation::Equal)?;
            }
            return self.take_expr(parts);
        }
        self.take(parts, Keyword::USING)?;
        if self.opt_take(parts, Keyword::DEFAULT) {
            return Ok(());
        }
        self.take_list(parts, |parser, parts| {
            let copies = (0..8)
                .find(|ahead| parser.kind_at(*ahead) == TokenKind::Equal)
                .is_some_and(|equal| {
                    parser.keyword_at(equal + 1, Keyword::COPY)
                        && parser.keyword_at(equal + 2, Keyword::FROM)
                        && parser.keyword_at(equal + 3, Keyword::PARENT)
                });
            if !copies {
                return parser.take_setting(parts);
            }
            parser.take_dotted(parts)?;
            parser.take_sign(parts, Punctuation::Equal)?;
            parser.take_all(parts, &[Keyword::COPY, Keyword::FROM, Keyword::PARENT])
        })
    }

    /// `ALTER PARTITION a OF TABLE b CONFIGURE ZONE ..`.
    pub(super) fn alter_partition(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(parts, &[Keyword::ALTER, Keyword::PARTITION])?;
        self.take_any_name(parts)?;
        self.take(parts, Keyword::OF)?;
        self.take_table_or_index(parts)?;
        self.configure_zone(parts)?;
        Ok(UtilityKind::ConfigureZone.build(std::mem::take(parts)))
    }

    /// `TABLE a`, `INDEX a@b` or `INDEX a@*`.
    fn take_table_or_index(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.take_any(parts, &[Keyword::TABLE, Keyword::INDEX])? == Keyword::TABLE {
            return self.take_object(parts);
        }
        self.take_index(parts)?;
        if self.is(TokenKind::At) {
            self.take_sign(parts, Punctuation::At)?;
            return self.take_sign(parts, Punctuation::Star);
        }
        Ok(())
    }

    /// `ALTER RANGE a ..`.
    pub(super) fn alter_range(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(parts, &[Keyword::ALTER, Keyword::RANGE])?;
        let moves_several = self.at_any(&RELOCATE)
            && (self.keyword_at(1, Keyword::LEASE)
                || self.keyword_at(1, Keyword::VOTERS)
                || self.keyword_at(1, Keyword::NONVOTERS)
                || self.keyword_at(1, Keyword::FROM));
        if moves_several {
            self.relocate_range(parts)?;
            self.take(parts, Keyword::FOR)?;
            self.take_query(parts)?;
            return Ok(UtilityKind::Ranges.build(std::mem::take(parts)));
        }
        // A zone is named by any word, `default` included; a range by its number.
        if self.keyword_at(1, Keyword::CONFIGURE) && !self.is(TokenKind::Integer) {
            self.take_any_name(parts)?;
        } else {
            self.take_expr(parts)?;
        }
        if self.at_keyword(Keyword::CONFIGURE) {
            self.configure_zone(parts)?;
            return Ok(UtilityKind::ConfigureZone.build(std::mem::take(parts)));
        }
        self.relocate_range(parts)?;
        Ok(UtilityKind::Ranges.build(std::mem::take(parts)))
    }

    /// `RELOCATE LEASE TO a` or `RELOCATE VOTERS FROM a TO b`.
    fn relocate_range(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_any(parts, &RELOCATE)?;
        if self.opt_take(parts, Keyword::LEASE) {
            self.take(parts, Keyword::TO)?;
            return self.take_expr(parts);
        }
        self.opt_take_any(parts, &[Keyword::VOTERS, Keyword::NONVOTERS]);
        self.take(parts, Keyword::FROM)?;
        self.take_expr(parts)?;
        self.take(parts, Keyword::TO)?;
        self.take_expr(parts)
    }

    /// Whether a clause about ranges is next.
    pub(super) fn at_ranges(&self) -> bool {
        self.at_any(&[Keyword::SPLIT, Keyword::UNSPLIT, Keyword::SCATTER]) || self.at_any(&RELOCATE)
    }

    /// `SPLIT AT ..`, `UNSPLIT ..`, `SCATTER ..`, `EXPERIMENTAL_RELOCATE ..`, of a table or index.
    pub(super) fn ranges(&mut self, parts: &mut Parts) -> Parsed<()> {
        match self.keyword() {
            Some(Keyword::SPLIT) => {
                self.take_all(parts, &[Keyword::SPLIT, Keyword::AT])?;
                self.take_query(parts)?;
                if self.opt_take_all(parts, &[Keyword::WITH, Keyword::EXPIRATION]) {
                    self.take_expr(parts)?;
                }
                Ok(())
            }
            Some(Keyword::UNSPLIT) => {
                self.take(parts, Keyword::UNSPLIT)?;
                if self.opt_take(parts, Keyword::ALL) {
                    return Ok(());
                }
                self.take(parts, Keyword::AT)?;
                self.take_query(parts)
            }
            Some(Keyword::SCATTER) => {
                self.take(parts, Keyword::SCATTER)?;
                if self.opt_take(parts, Keyword::FROM) {
                    self.take_paren(parts, Self::take_exprs)?;
                    self.take(parts, Keyword::TO)?;
                    self.take_paren(parts, Self::take_exprs)?;
                }
                Ok(())
            }
            _ => {
                self.take_any(parts, &RELOCATE)?;
                self.opt_take_any(
                    parts,
                    &[Keyword::LEASE, Keyword::VOTERS, Keyword::NONVOTERS],
                );
                self.take_query(parts)
            }
        }
    }

    /// `SHOW ZONE CONFIGURATION FROM ..`, behind `ZONE CONFIGURATION`.
    pub(super) fn show_zone(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_any(parts, &[Keyword::FOR, Keyword::FROM])?;
        match self.keyword() {
            Some(Keyword::RANGE) => {
                self.take(parts, Keyword::RANGE)?;
                self.take_any_name(parts)
            }
            Some(Keyword::DATABASE) => {
                self.take(parts, Keyword::DATABASE)?;
                self.take_name(parts)
            }
            Some(Keyword::PARTITION) => {
                self.take(parts, Keyword::PARTITION)?;
                self.take_any_name(parts)?;
                self.take(parts, Keyword::OF)?;
                self.take_table_or_index(parts)
            }
            _ => {
                match self.take_any(parts, &[Keyword::TABLE, Keyword::INDEX])? {
                    Keyword::TABLE => parts.push(Part::Object(self.object()?)),
                    _ => self.take_index(parts)?,
                }
                if self.opt_take(parts, Keyword::PARTITION) {
                    self.take_any_name(parts)
                } else {
                    Ok(())
                }
            }
        }
    }
}

//! Backups, restores, imports and exports.

use super::super::ast::{Part, Punctuation, StatementKind, UtilityKind};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::{Build, Parts};
use super::{Parsed, Parser};

/// Options that are one word, of backups.
const BACKUP_WORDS: [Keyword; 5] = [
    Keyword::INCLUDE_ALL_VIRTUAL_CLUSTERS,
    Keyword::REVISION_HISTORY,
    Keyword::DETACHED,
    Keyword::UPDATES_CLUSTER_MONITORING_METRICS,
    Keyword::INCLUDE_ALL_SECONDARY_TENANTS,
];

/// Options with a location or a secret.
const BACKUP_VALUES: [Keyword; 3] = [
    Keyword::ENCRYPTION_PASSPHRASE,
    Keyword::KMS,
    Keyword::INCREMENTAL_LOCATION,
];

impl Parser<'_> {
    pub(super) fn backup(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::BACKUP)?;
        self.opt_backup_targets(parts)?;
        if self.take_any(parts, &[Keyword::INTO, Keyword::TO])? == Keyword::INTO {
            if self.keyword_at(1, Keyword::IN) && !self.opt_take(parts, Keyword::LATEST) {
                self.take_string_or_placeholder(parts)?;
            }
            self.opt_take(parts, Keyword::IN);
        }
        self.take_string_or_placeholders(parts)?;
        self.opt_take_as_of(parts)?;
        if self.opt_take_all(parts, &[Keyword::INCREMENTAL, Keyword::FROM]) {
            self.take_list(parts, Self::take_string_or_placeholder)?;
        }
        self.backup_options(parts)?;
        Ok(UtilityKind::Backup.build(std::mem::take(parts)))
    }

    /// What is backed up: nothing for all.
    pub(super) fn opt_backup_targets(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.at_any(&[Keyword::INTO, Keyword::TO, Keyword::FROM]) {
            return Ok(());
        }
        match self.keyword() {
            Some(Keyword::TENANT) if !self.table_ends_at(1) => {
                self.take(parts, Keyword::TENANT)?;
                self.take_tenant(parts)
            }
            Some(Keyword::VIRTUAL) if self.keyword_at(1, Keyword::CLUSTER) => {
                self.take_all(parts, &[Keyword::VIRTUAL, Keyword::CLUSTER])?;
                self.take_tenant(parts)
            }
            Some(Keyword::SCHEMA) if self.name_at(1) => {
                self.take(parts, Keyword::SCHEMA)?;
                self.take_schemas(parts)
            }
            _ => self.grant_targets(parts),
        }
    }

    /// Whether what stands before the token `ahead` was a table rather than a keyword.
    fn table_ends_at(&self, ahead: usize) -> bool {
        matches!(
            self.kind_at(ahead),
            TokenKind::Dot
                | TokenKind::Comma
                | TokenKind::Keyword(Keyword::TO | Keyword::INTO | Keyword::FROM)
        )
    }

    /// `WITH ..`, each option once.
    pub(super) fn backup_options(&mut self, parts: &mut Parts) -> Parsed<()> {
        // `WITH SCHEDULE OPTIONS` belongs to the schedule.
        if self.at_keywords(&[Keyword::WITH, Keyword::SCHEDULE])
            || self.at_keywords(&[Keyword::WITH, Keyword::EXPERIMENTAL])
            || !self.opt_take(parts, Keyword::WITH)
        {
            return Ok(());
        }
        let mut given = Vec::new();
        let mut option = |parser: &mut Self, parts: &mut Parts| {
            let keyword = parser.backup_option(parts)?;
            if given.contains(&keyword) {
                return Err(
                    parser.invalid(format!("the option `{}` is given twice", keyword.as_str()))
                );
            }
            given.push(keyword);
            Ok(())
        };
        if self.opt_take(parts, Keyword::OPTIONS) {
            return self.take_paren_list(parts, option);
        }
        self.take_list(parts, &mut option)
    }

    pub(super) fn backup_option(&mut self, parts: &mut Parts) -> Parsed<Keyword> {
        if let Some(keyword) = self.eat_any(&BACKUP_WORDS) {
            parts.push(Part::Keyword(keyword));
            if self.is(TokenKind::Equal) {
                self.take_sign(parts, Punctuation::Equal)?;
                self.take_expr(parts)?;
            }
            return Ok(keyword);
        }
        if self.opt_take_all(parts, &[Keyword::EXECUTION, Keyword::LOCALITY]) {
            self.take_sign(parts, Punctuation::Equal)?;
            self.take_string_or_placeholder(parts)?;
            return Ok(Keyword::EXECUTION);
        }
        let strict = [Keyword::STRICT, Keyword::STORAGE, Keyword::LOCALITY];
        if self.opt_take_all(parts, &strict) {
            return Ok(Keyword::STRICT);
        }
        if !self.at_any(&BACKUP_VALUES) {
            return Err(self.expected("an option of a backup, such as `revision_history`"));
        }
        let keyword = self.take_any(parts, &BACKUP_VALUES)?;
        self.take_sign(parts, Punctuation::Equal)?;
        self.take_string_or_placeholders(parts)?;
        Ok(keyword)
    }

    pub(super) fn restore(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::RESTORE)?;
        if !self.opt_take_all(parts, &[Keyword::SYSTEM, Keyword::USERS]) {
            self.opt_backup_targets(parts)?;
        }
        self.take(parts, Keyword::FROM)?;
        if self.keyword_at(1, Keyword::IN) {
            self.take_string_or_placeholder(parts)?;
            self.take(parts, Keyword::IN)?;
        }
        self.take_list(parts, Self::take_string_or_placeholders)?;
        self.opt_take_as_of(parts)?;
        if self.opt_take(parts, Keyword::WITH) {
            if self.at_keyword(Keyword::OPTIONS) && self.kind_at(1) == TokenKind::LeftParen {
                self.take(parts, Keyword::OPTIONS)?;
                self.take_paren_list(parts, Self::restore_option)?;
            } else {
                self.take_list(parts, Self::restore_option)?;
            }
        }
        Ok(UtilityKind::Restore.build(std::mem::take(parts)))
    }

    fn restore_option(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take_all(parts, &[Keyword::EXECUTION, Keyword::LOCALITY]) {
            self.take_sign(parts, Punctuation::Equal)?;
            return self.take_string_or_placeholder(parts);
        }
        if self.opt_take_all(
            parts,
            &[Keyword::EXPERIMENTAL, Keyword::DEFERRED, Keyword::COPY],
        ) || self.opt_take_all(parts, &[Keyword::EXPERIMENTAL, Keyword::COPY])
        {
            return Ok(());
        }
        if self.at_any(&[Keyword::KMS, Keyword::INCREMENTAL_LOCATION]) {
            self.take_name(parts)?;
            self.take_sign(parts, Punctuation::Equal)?;
            return self.take_string_or_placeholders(parts);
        }
        self.take_option(parts)
    }

    /// `SHOW BACKUP ..`, `SHOW BACKUPS IN ..`, behind `SHOW`.
    pub(super) fn show_backup(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.take_any(parts, &[Keyword::BACKUP, Keyword::BACKUPS])? == Keyword::BACKUPS {
            self.take(parts, Keyword::IN)?;
            self.take_string_or_placeholders(parts)?;
            while self.opt_take_any(parts, &[Keyword::NEWER, Keyword::OLDER]) {
                self.take(parts, Keyword::THAN)?;
                self.take_expr(parts)?;
            }
            return self.show_backup_options(parts);
        }
        let details = [
            Keyword::SCHEMAS,
            Keyword::RANGES,
            Keyword::FILES,
            Keyword::VALIDATE,
            Keyword::CONNECTION,
        ];
        if self.at_any(&details)
            && !matches!(self.kind_at(1), TokenKind::End | TokenKind::Semicolon)
        {
            self.take_any(parts, &details)?;
        }
        self.opt_take(parts, Keyword::FROM);
        if self.keyword_at(1, Keyword::IN) && !self.opt_take(parts, Keyword::LATEST) {
            self.take_string_or_placeholder(parts)?;
        }
        self.opt_take(parts, Keyword::IN);
        self.take_string_or_placeholders(parts)?;
        self.show_backup_options(parts)
    }

    fn show_backup_options(&mut self, parts: &mut Parts) -> Parsed<()> {
        if !self.opt_take(parts, Keyword::WITH) {
            return Ok(());
        }
        if self.at_keyword(Keyword::OPTIONS) && self.kind_at(1) == TokenKind::LeftParen {
            self.take(parts, Keyword::OPTIONS)?;
            return self.take_paren_list(parts, Self::show_backup_option);
        }
        self.take_list(parts, Self::show_backup_option)
    }

    fn show_backup_option(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take_all(parts, &[Keyword::SKIP, Keyword::SIZE])
            || self.opt_take_all(parts, &[Keyword::REVISION, Keyword::START, Keyword::TIME])
        {
            return Ok(());
        }
        if self.at_any(&[Keyword::TIME, Keyword::CONCURRENTLY]) {
            self.take_any_name(parts)?;
        } else if self.at_string() {
            self.take_string(parts)?;
        } else {
            self.take_name(parts)?;
        }
        if self.is(TokenKind::Equal) {
            self.take_sign(parts, Punctuation::Equal)?;
            if self.is(TokenKind::Integer) {
                return self.take_number(parts);
            }
            return self.take_string_or_placeholders(parts);
        }
        Ok(())
    }

    pub(super) fn import(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::IMPORT)?;
        if self.opt_take(parts, Keyword::INTO) {
            self.take_object(parts)?;
            if self.is(TokenKind::LeftParen) {
                self.take_paren(parts, Self::take_names)?;
            }
            self.import_data(parts)?;
        } else if self.opt_take(parts, Keyword::TABLE) {
            self.import_table(parts)?;
        } else {
            self.take_name(parts)?;
            self.import_file(parts)?;
        }
        self.opt_take_options(parts)?;
        Ok(UtilityKind::Import.build(std::mem::take(parts)))
    }

    fn import_table(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_object(parts)?;
        if self.opt_take(parts, Keyword::FROM) {
            self.take_name(parts)?;
            return self.import_file(parts);
        }
        if self.opt_take_all(parts, &[Keyword::CREATE, Keyword::USING]) {
            self.take_string_or_placeholder(parts)?;
        } else {
            self.take_paren_list(parts, |parser, parts| {
                parts.push(Part::Element(Box::new(parser.table_element()?)));
                Ok(())
            })?;
        }
        self.import_data(parts)
    }

    /// `CSV DATA ('a', 'b')`.
    fn import_data(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_name(parts)?;
        self.take(parts, Keyword::DATA)?;
        self.take_paren_list(parts, Self::take_string_or_placeholder)
    }

    /// One file, in parentheses or not.
    fn import_file(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.is(TokenKind::LeftParen) {
            return self.take_paren(parts, Self::take_string_or_placeholder);
        }
        self.take_string_or_placeholder(parts)
    }

    pub(super) fn export(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(parts, &[Keyword::EXPORT, Keyword::INTO])?;
        self.take_name(parts)?;
        self.take_string_or_placeholder(parts)?;
        self.opt_take_options(parts)?;
        self.take(parts, Keyword::FROM)?;
        self.take_query(parts)?;
        Ok(UtilityKind::Export.build(std::mem::take(parts)))
    }

    /// `COPY a FROM STDIN ..`, `COPY (SELECT ..) TO STDOUT ..`.
    pub(super) fn copy(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::COPY)?;
        let from = if self.is(TokenKind::LeftParen) {
            self.take_paren(parts, |parser, parts| {
                parts.push(Part::Statement(Box::new(
                    parser.nested(Self::preparable_statement)?,
                )));
                Ok(())
            })?;
            false
        } else {
            self.take_object(parts)?;
            if self.is(TokenKind::LeftParen) {
                self.take_paren(parts, Self::take_names)?;
            }
            self.at_keyword(Keyword::FROM)
        };
        if from {
            self.take_all(parts, &[Keyword::FROM, Keyword::STDIN])?;
        } else {
            self.take_all(parts, &[Keyword::TO, Keyword::STDOUT])?;
        }
        self.copy_options(parts)?;
        if from {
            self.opt_take_filter(parts)?;
        }
        Ok(UtilityKind::Copy.build(std::mem::take(parts)))
    }

    fn copy_options(&mut self, parts: &mut Parts) -> Parsed<()> {
        let with = self.opt_take(parts, Keyword::WITH);
        if self.is(TokenKind::LeftParen) {
            return self.take_paren_list(parts, Self::copy_option_in_list);
        }
        let mut any = false;
        while let Some(keyword) = self.eat_any(&[
            Keyword::DESTINATION,
            Keyword::BINARY,
            Keyword::CSV,
            Keyword::DELIMITER,
            Keyword::NULL,
            Keyword::HEADER,
            Keyword::QUOTE,
            Keyword::ESCAPE,
            Keyword::ENCODING,
        ]) {
            any = true;
            parts.push(Part::Keyword(keyword));
            match keyword {
                Keyword::DESTINATION => {
                    self.take_sign(parts, Punctuation::Equal)?;
                    self.take_string_or_placeholder(parts)?;
                }
                Keyword::BINARY | Keyword::CSV | Keyword::HEADER => {}
                _ => self.take_string_or_placeholder(parts)?,
            }
        }
        if with && !any {
            Err(self.expected("an option of `COPY`"))
        } else {
            Ok(())
        }
    }

    fn copy_option_in_list(&mut self, parts: &mut Parts) -> Parsed<()> {
        let options = [
            Keyword::DESTINATION,
            Keyword::FORMAT,
            Keyword::DELIMITER,
            Keyword::NULL,
            Keyword::HEADER,
            Keyword::QUOTE,
            Keyword::ESCAPE,
            Keyword::ENCODING,
        ];
        match self.take_any(parts, &options)? {
            Keyword::HEADER => {
                self.opt_take_any(parts, &[Keyword::TRUE, Keyword::FALSE]);
                Ok(())
            }
            Keyword::FORMAT => {
                if self.at_string() {
                    return self.take_string(parts);
                }
                self.take_any(parts, &[Keyword::BINARY, Keyword::CSV, Keyword::TEXT])
                    .map(drop)
            }
            _ => self.take_string_or_placeholder(parts),
        }
    }
}

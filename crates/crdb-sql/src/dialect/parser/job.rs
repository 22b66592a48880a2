//! Jobs, schedules, scrubs and virtual clusters.

use super::super::ast::{Part, Punctuation, Statement, StatementKind, UtilityKind};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::{Build, Parts};
use super::{Parsed, Parser};

impl Parser<'_> {
    /// `CANCEL`, `PAUSE` or `RESUME` of jobs, queries, sessions, schedules.
    pub(super) fn job(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        let verb = self.take_any(parts, &[Keyword::CANCEL, Keyword::PAUSE, Keyword::RESUME])?;
        let what: &[Keyword] = match verb {
            Keyword::CANCEL => &[
                Keyword::JOB,
                Keyword::JOBS,
                Keyword::ALL,
                Keyword::QUERY,
                Keyword::QUERIES,
                Keyword::SESSION,
                Keyword::SESSIONS,
            ],
            _ => &[
                Keyword::JOB,
                Keyword::JOBS,
                Keyword::ALL,
                Keyword::SCHEDULE,
                Keyword::SCHEDULES,
            ],
        };
        let mut kind = UtilityKind::Job;
        match self.take_any(parts, what)? {
            Keyword::ALL => {
                self.take_name(parts)?;
                self.take(parts, Keyword::JOBS)?;
            }
            Keyword::JOB => self.take_expr(parts)?,
            Keyword::JOBS if self.at_keyword(Keyword::FOR) => self.for_schedules(parts)?,
            Keyword::JOBS => self.take_query(parts)?,
            Keyword::SCHEDULE => {
                kind = UtilityKind::Schedule;
                self.take_expr(parts)?;
            }
            Keyword::SCHEDULES => {
                kind = UtilityKind::Schedule;
                self.take_query(parts)?;
            }
            Keyword::QUERY | Keyword::SESSION => {
                self.opt_take_if_exists(parts);
                self.take_expr(parts)?;
            }
            _ => {
                self.opt_take_if_exists(parts);
                self.take_query(parts)?;
            }
        }
        if verb == Keyword::PAUSE && self.opt_take_all(parts, &[Keyword::WITH, Keyword::REASON]) {
            self.take_sign(parts, Punctuation::Equal)?;
            self.take_string_or_placeholder(parts)?;
        }
        Ok(kind.build(std::mem::take(parts)))
    }

    /// Whether `EXECUTE SCHEDULE a` is next, rather than a prepared statement of that name.
    pub(super) fn at_execute_schedule(&self) -> bool {
        (self.at_keywords(&[Keyword::EXECUTE, Keyword::SCHEDULE])
            || self.at_keywords(&[Keyword::EXECUTE, Keyword::SCHEDULES]))
            && !matches!(self.kind_at(2), TokenKind::End | TokenKind::Semicolon)
    }

    /// `EXECUTE SCHEDULE a` or `EXECUTE SCHEDULES SELECT ..`.
    pub(super) fn execute_schedule(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::EXECUTE)?;
        if self.take_any(parts, &[Keyword::SCHEDULE, Keyword::SCHEDULES])? == Keyword::SCHEDULE {
            self.take_expr(parts)?;
        } else {
            self.take_query(parts)?;
        }
        Ok(UtilityKind::Schedule.build(std::mem::take(parts)))
    }

    pub(super) fn create_schedule(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(parts, &[Keyword::CREATE, Keyword::SCHEDULE])?;
        if !self.at_keyword(Keyword::FOR) {
            self.opt_take_if_not_exists(parts);
            self.take_string_or_placeholder(parts)?;
        }
        self.take(parts, Keyword::FOR)?;
        if self.take_any(parts, &[Keyword::BACKUP, Keyword::CHANGEFEED])? == Keyword::BACKUP {
            self.opt_backup_targets(parts)?;
            self.take_any(parts, &[Keyword::INTO, Keyword::TO])?;
            self.take_string_or_placeholders(parts)?;
            self.backup_options(parts)?;
        } else {
            let watches = !self.at_any(&[Keyword::INTO, Keyword::AS, Keyword::WITH]);
            self.changefeed_rest(parts, watches)?;
        }
        self.recurring(parts)?;
        if self.opt_take_all(parts, &[Keyword::FULL, Keyword::BACKUP])
            && !self.opt_take(parts, Keyword::ALWAYS)
        {
            self.take_text_or_placeholder(parts)?;
        }
        if self.opt_take(parts, Keyword::WITH) {
            self.opt_take(parts, Keyword::EXPERIMENTAL);
            self.take_all(parts, &[Keyword::SCHEDULE, Keyword::OPTIONS])?;
            if self.is(TokenKind::LeftParen) {
                self.take_paren_list(parts, Self::take_option)?;
            } else {
                self.take_list(parts, Self::take_option)?;
            }
        }
        Ok(UtilityKind::Schedule.build(std::mem::take(parts)))
    }

    /// `RECURRING '@daily'`.
    fn recurring(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::RECURRING)?;
        if self.opt_take(parts, Keyword::NEVER) {
            Ok(())
        } else {
            self.take_text_or_placeholder(parts)
        }
    }

    /// `ALTER BACKUP ..`: its keys or its schedule.
    pub(super) fn alter_backup(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(parts, &[Keyword::ALTER, Keyword::BACKUP])?;
        if self.at_keyword(Keyword::SCHEDULE) && self.kind_at(1) == TokenKind::Integer {
            self.take(parts, Keyword::SCHEDULE)?;
            self.take_number(parts)?;
            self.take_list(parts, Self::backup_schedule_command)?;
            return Ok(UtilityKind::Schedule.build(std::mem::take(parts)));
        }
        self.take_string_or_placeholder(parts)?;
        if self.opt_take(parts, Keyword::IN) {
            self.take_string_or_placeholder(parts)?;
        }
        loop {
            self.take_all(parts, &[Keyword::ADD, Keyword::NEW_KMS])?;
            self.take_sign(parts, Punctuation::Equal)?;
            self.take_string_or_placeholders(parts)?;
            self.take_all(parts, &[Keyword::WITH, Keyword::OLD_KMS])?;
            self.take_sign(parts, Punctuation::Equal)?;
            self.take_string_or_placeholders(parts)?;
            if !self.at_keyword(Keyword::ADD) {
                return Ok(UtilityKind::Backup.build(std::mem::take(parts)));
            }
        }
    }

    fn backup_schedule_command(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take(parts, Keyword::EXECUTE) {
            self.opt_take(parts, Keyword::FULL);
            return self.take(parts, Keyword::IMMEDIATELY);
        }
        self.take(parts, Keyword::SET)?;
        match self.keyword() {
            Some(Keyword::RECURRING) => self.recurring(parts),
            Some(Keyword::FULL) => {
                self.take_all(parts, &[Keyword::FULL, Keyword::BACKUP])?;
                if self.opt_take(parts, Keyword::ALWAYS) {
                    Ok(())
                } else {
                    self.take_text_or_placeholder(parts)
                }
            }
            Some(Keyword::WITH) => {
                self.take(parts, Keyword::WITH)?;
                self.backup_option(parts).map(drop)
            }
            Some(Keyword::SCHEDULE) => {
                self.take_all(parts, &[Keyword::SCHEDULE, Keyword::OPTION])?;
                self.take_option(parts)
            }
            _ => {
                self.take_any(parts, &[Keyword::LABEL, Keyword::INTO])?;
                self.take_string_or_placeholders(parts)
            }
        }
    }

    /// `EXPERIMENTAL SCRUB ..` or `EXPERIMENTAL CHANGEFEED ..`.
    pub(super) fn experimental(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::EXPERIMENTAL)?;
        if self.take_any(parts, &[Keyword::SCRUB, Keyword::CHANGEFEED])? == Keyword::CHANGEFEED {
            let watches = self.opt_take(parts, Keyword::FOR);
            self.changefeed_rest(parts, watches)?;
            return Ok(UtilityKind::Changefeed.build(std::mem::take(parts)));
        }
        if self.take_any(parts, &[Keyword::DATABASE, Keyword::TABLE])? == Keyword::DATABASE {
            self.take_name(parts)?;
            self.opt_take_as_of(parts)?;
        } else {
            self.take_object(parts)?;
            self.opt_take_as_of(parts)?;
            if self.opt_take_all(parts, &[Keyword::WITH, Keyword::OPTIONS]) {
                self.take_list(parts, Self::scrub_option)?;
            }
        }
        Ok(UtilityKind::Scrub.build(std::mem::take(parts)))
    }

    fn scrub_option(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.take_any(
            parts,
            &[Keyword::PHYSICAL, Keyword::INDEX, Keyword::CONSTRAINT],
        )? == Keyword::PHYSICAL
            || self.opt_take(parts, Keyword::ALL)
        {
            return Ok(());
        }
        self.take_paren(parts, Self::take_names)
    }

    /// `INSPECT TABLE a ..`, `INSPECT DATABASE a ..`.
    pub(super) fn inspect(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::INSPECT)?;
        self.take_any(parts, &[Keyword::DATABASE, Keyword::TABLE])?;
        self.take_object(parts)?;
        self.opt_take_as_of(parts)?;
        if self.opt_take_all(parts, &[Keyword::WITH, Keyword::OPTIONS]) {
            self.take_list(parts, |parser, parts| {
                if parser.opt_take(parts, Keyword::DETACHED) {
                    if parser.is(TokenKind::Equal) {
                        parser.take_sign(parts, Punctuation::Equal)?;
                        parser.take_any(parts, &[Keyword::TRUE, Keyword::FALSE])?;
                    }
                    return Ok(());
                }
                parser.take(parts, Keyword::INDEX)?;
                if parser.opt_take(parts, Keyword::ALL) {
                    return Ok(());
                }
                parser.take_paren_list(parts, Self::take_index)
            })?;
        }
        Ok(UtilityKind::Scrub.build(std::mem::take(parts)))
    }

    /// `CHECK EXTERNAL CONNECTION 'a'`.
    pub(super) fn check_connection(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(
            parts,
            &[Keyword::CHECK, Keyword::EXTERNAL, Keyword::CONNECTION],
        )?;
        self.take_string_or_placeholder(parts)?;
        if self.opt_take(parts, Keyword::WITH) {
            if self.opt_take(parts, Keyword::OPTIONS) {
                self.take_paren_list(parts, Self::connection_option)?;
            } else {
                self.take_list(parts, Self::connection_option)?;
            }
        }
        Ok(UtilityKind::Scrub.build(std::mem::take(parts)))
    }

    /// `TRANSFER = '1MiB'`, `CONCURRENTLY = 2`.
    fn connection_option(&mut self, parts: &mut Parts) -> Parsed<()> {
        let option = self.take_any(
            parts,
            &[Keyword::TRANSFER, Keyword::TIME, Keyword::CONCURRENTLY],
        )?;
        self.take_sign(parts, Punctuation::Equal)?;
        if option == Keyword::CONCURRENTLY {
            self.take_expr(parts)
        } else {
            self.take_string_or_placeholder(parts)
        }
    }

    /// `OPT PLAN 'a'`, in `PREPARE`.
    pub(super) fn canned_plan(&mut self) -> Parsed<Statement> {
        let start = self.start();
        let parts = &mut Vec::new();
        self.take_all(parts, &[Keyword::OPT, Keyword::PLAN])?;
        self.take_string(parts)?;
        let kind = UtilityKind::CannedPlan.build(std::mem::take(parts));
        Ok(Statement {
            kind,
            span: self.span_from(start),
        })
    }

    /// `REFRESH MATERIALIZED VIEW a`.
    pub(super) fn refresh(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take_all(
            parts,
            &[Keyword::REFRESH, Keyword::MATERIALIZED, Keyword::VIEW],
        )?;
        self.opt_take(parts, Keyword::CONCURRENTLY);
        self.take_object(parts)?;
        self.opt_take_as_of(parts)?;
        if self.opt_take(parts, Keyword::WITH) {
            self.opt_take(parts, Keyword::NO);
            self.take(parts, Keyword::DATA)?;
        }
        Ok(UtilityKind::Refresh.build(std::mem::take(parts)))
    }

    /// `CREATE VIRTUAL CLUSTER ..`, `CREATE TENANT ..`, `CREATE LOGICAL REPLICATION STREAM ..`.
    pub(super) fn create_cluster(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::CREATE)?;
        if self.at_any(&[Keyword::LOGICAL, Keyword::LOGICALLY]) {
            self.logical_replication(parts)?;
            return Ok(UtilityKind::VirtualCluster.build(std::mem::take(parts)));
        }
        self.take_tenant_keyword(parts)?;
        self.opt_take_if_not_exists(parts);
        self.take_tenant(parts)?;
        if self.opt_take(parts, Keyword::FROM) {
            self.take(parts, Keyword::REPLICATION)?;
            self.take(parts, Keyword::OF)?;
            self.take_tenant(parts)?;
            self.take(parts, Keyword::ON)?;
            parts.push(Part::Expr(self.primary()?));
            self.cluster_replication_options(parts)?;
        } else if self.opt_take(parts, Keyword::LIKE) {
            self.take_tenant(parts)?;
        }
        Ok(UtilityKind::VirtualCluster.build(std::mem::take(parts)))
    }

    fn logical_replication(&mut self, parts: &mut Parts) -> Parsed<()> {
        let stream =
            self.take_any(parts, &[Keyword::LOGICAL, Keyword::LOGICALLY])? == Keyword::LOGICAL;
        if stream {
            self.take_all(
                parts,
                &[Keyword::REPLICATION, Keyword::STREAM, Keyword::FROM],
            )?;
        } else {
            self.take(parts, Keyword::REPLICATED)?;
        }
        self.replicated_tables(parts)?;
        if !stream {
            self.take(parts, Keyword::FROM)?;
            self.replicated_tables(parts)?;
        }
        self.take(parts, Keyword::ON)?;
        self.take_string_or_placeholder(parts)?;
        if stream {
            self.take(parts, Keyword::INTO)?;
            self.replicated_tables(parts)?;
        }
        if !self.opt_take(parts, Keyword::WITH) {
            return Ok(());
        }
        let options = self.opt_take(parts, Keyword::OPTIONS);
        if options || self.is(TokenKind::LeftParen) {
            return self.take_paren_list(parts, Self::replication_option);
        }
        self.take_list(parts, Self::replication_option)
    }

    fn replicated_tables(&mut self, parts: &mut Parts) -> Parsed<()> {
        match self.take_any(parts, &[Keyword::TABLE, Keyword::TABLES, Keyword::DATABASE])? {
            Keyword::TABLES => self.take_paren(parts, Self::take_objects),
            Keyword::TABLE => self.take_object(parts),
            _ => self.take_name(parts),
        }
    }

    fn replication_option(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take(parts, Keyword::FUNCTION) {
            self.take_object(parts)?;
            self.take_all(parts, &[Keyword::FOR, Keyword::TABLE])?;
            return self.take_object(parts);
        }
        if self.opt_take(parts, Keyword::BIDIRECTIONAL) {
            self.take(parts, Keyword::ON)?;
            return self.take_string_or_placeholder(parts);
        }
        if self.opt_take_all(parts, &[Keyword::SKIP, Keyword::SCHEMA, Keyword::CHECK]) {
            return Ok(());
        }
        if self.opt_take_all(parts, &[Keyword::DEFAULT, Keyword::FUNCTION]) {
            self.take_sign(parts, Punctuation::Equal)?;
            return self.take_string_or_placeholder(parts);
        }
        if self.opt_take(parts, Keyword::UNIDIRECTIONAL) {
            return Ok(());
        }
        let options = [
            Keyword::CURSOR,
            Keyword::MODE,
            Keyword::DISCARD,
            Keyword::LABEL,
            Keyword::PARENT,
        ];
        self.take_any(parts, &options)?;
        self.take_sign(parts, Punctuation::Equal)?;
        self.take_string_or_placeholder(parts)
    }

    /// `ALTER VIRTUAL CLUSTER ..`, `ALTER TENANT ..`.
    pub(super) fn alter_cluster(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::ALTER)?;
        self.take_tenant_keyword(parts)?;
        self.take_tenant(parts)?;
        match self.keyword() {
            Some(Keyword::SET | Keyword::RESET) => self.alter_cluster_setting(parts)?,
            Some(Keyword::PAUSE | Keyword::RESUME) => {
                self.take_any(parts, &[Keyword::PAUSE, Keyword::RESUME])?;
                self.take(parts, Keyword::REPLICATION)?;
            }
            Some(Keyword::COMPLETE) => {
                self.take_all(
                    parts,
                    &[Keyword::COMPLETE, Keyword::REPLICATION, Keyword::TO],
                )?;
                if self.opt_take(parts, Keyword::SYSTEM) {
                    self.take(parts, Keyword::TIME)?;
                    self.take_expr(parts)?;
                } else {
                    self.take(parts, Keyword::LATEST)?;
                }
            }
            Some(Keyword::RENAME) => {
                self.take_all(parts, &[Keyword::RENAME, Keyword::TO])?;
                self.take_tenant(parts)?;
            }
            Some(Keyword::START | Keyword::STOP) => {
                let starts =
                    self.take_any(parts, &[Keyword::START, Keyword::STOP])? == Keyword::START;
                if starts && self.opt_take(parts, Keyword::REPLICATION) {
                    self.take(parts, Keyword::OF)?;
                    self.take_tenant(parts)?;
                    self.take(parts, Keyword::ON)?;
                    parts.push(Part::Expr(self.primary()?));
                    self.cluster_replication_options(parts)?;
                } else {
                    self.take(parts, Keyword::SERVICE)?;
                    if starts {
                        self.take_any(parts, &[Keyword::SHARED, Keyword::EXTERNAL])?;
                    }
                }
            }
            _ => {
                self.take_any(parts, &[Keyword::GRANT, Keyword::REVOKE])?;
                if self.opt_take(parts, Keyword::ALL) {
                    self.take(parts, Keyword::CAPABILITIES)?;
                } else {
                    self.take_any(parts, &[Keyword::CAPABILITY])?;
                    self.take_list(parts, Self::capability)?;
                }
            }
        }
        Ok(UtilityKind::VirtualCluster.build(std::mem::take(parts)))
    }

    /// `WITH RETENTION = '1d'`, if it is there.
    fn cluster_replication_options(&mut self, parts: &mut Parts) -> Parsed<()> {
        if !self.opt_take(parts, Keyword::WITH) {
            return Ok(());
        }
        if self.opt_take(parts, Keyword::OPTIONS) {
            return self.take_paren_list(parts, Self::cluster_replication_option);
        }
        self.take_list(parts, Self::cluster_replication_option)
    }

    fn cluster_replication_option(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take_all(parts, &[Keyword::READ, Keyword::VIRTUAL, Keyword::CLUSTER]) {
            return Ok(());
        }
        if !self.opt_take_all(parts, &[Keyword::EXPIRATION, Keyword::WINDOW]) {
            self.take(parts, Keyword::RETENTION)?;
        }
        self.take_sign(parts, Punctuation::Equal)?;
        parts.push(Part::Expr(self.primary()?));
        Ok(())
    }

    /// `a.b = c`, `a.b TO c` or `a.b`.
    fn capability(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take_dotted(parts)?;
        if self.is(TokenKind::Equal) {
            self.take_sign(parts, Punctuation::Equal)?;
        } else if !self.opt_take(parts, Keyword::TO) {
            return Ok(());
        }
        parts.push(Part::Expr(self.variable_value()?));
        Ok(())
    }

    fn alter_cluster_setting(&mut self, parts: &mut Parts) -> Parsed<()> {
        let sets = self.take_any(parts, &[Keyword::SET, Keyword::RESET])? == Keyword::SET;
        if sets && self.opt_take(parts, Keyword::REPLICATION) {
            if self.opt_take(parts, Keyword::SOURCE) {
                self.take_all(parts, &[Keyword::EXPIRATION, Keyword::WINDOW])?;
                self.take_sign(parts, Punctuation::Equal)?;
                parts.push(Part::Expr(self.primary()?));
                return Ok(());
            }
            return self.take_list(parts, Self::cluster_replication_option);
        }
        if !sets && self.opt_take(parts, Keyword::DATA) {
            self.take_all(parts, &[Keyword::TO, Keyword::SYSTEM, Keyword::TIME])?;
            return self.take_expr(parts);
        }
        if self.opt_take(parts, Keyword::ALL) {
            return Ok(());
        }
        self.take_all(parts, &[Keyword::CLUSTER, Keyword::SETTING])?;
        self.take_dotted(parts)?;
        if !sets {
            return Ok(());
        }
        if !self.opt_take(parts, Keyword::TO) {
            self.take_sign(parts, Punctuation::Equal)?;
        }
        parts.push(Part::Expr(self.variable_value()?));
        Ok(())
    }

    /// `SHOW VIRTUAL CLUSTERS ..`, `SHOW TENANT ..`, behind `SHOW`.
    pub(super) fn show_clusters(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.take_any(
            parts,
            &[Keyword::TENANT, Keyword::TENANTS, Keyword::VIRTUAL],
        )? == Keyword::VIRTUAL
        {
            self.take_any(parts, &[Keyword::CLUSTER, Keyword::CLUSTERS])?;
        }
        let several = matches!(
            parts.last(),
            Some(Part::Keyword(Keyword::TENANTS | Keyword::CLUSTERS))
        );
        if !several {
            self.take_tenant(parts)?;
        }
        if self.opt_take(parts, Keyword::WITH) {
            self.take_list(parts, |parser, parts| {
                if parser.opt_take_all(parts, &[Keyword::REPLICATION, Keyword::STATUS])
                    || parser.opt_take_all(
                        parts,
                        &[Keyword::PRIOR, Keyword::REPLICATION, Keyword::DETAILS],
                    )
                {
                    return Ok(());
                }
                parser.take_any(parts, &[Keyword::CAPABILITIES]).map(drop)
            })?;
        }
        Ok(())
    }
}

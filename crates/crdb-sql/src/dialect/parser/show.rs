//! `SHOW` of what the server does: sessions, jobs, traces, settings. Objects are shown by `show_object`.

use super::super::ast::{StatementKind, UtilityKind};
use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::utility::{Build, Parts};
use super::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn show(&mut self) -> Parsed<StatementKind> {
        let parts = &mut Vec::new();
        self.take(parts, Keyword::SHOW)?;
        if !self.show_activity(parts)? && !self.show_object(parts)? && !self.show_more(parts)? {
            self.opt_take(parts, Keyword::SESSION);
            self.session_variable(parts)?;
        }
        Ok(UtilityKind::Show.build(std::mem::take(parts)))
    }

    /// Queries, sessions, transactions, settings; says whether it was one of them.
    fn show_activity(&mut self, parts: &mut Parts) -> Parsed<bool> {
        let mut ahead = 0;
        let all = self.keyword_at(0, Keyword::ALL);
        ahead += usize::from(all);
        if self.keyword_at(ahead, Keyword::PUBLIC) {
            self.take_all(parts, &[Keyword::PUBLIC, Keyword::CLUSTER])?;
            self.take_any(parts, &[Keyword::SETTING, Keyword::SETTINGS])?;
            return self.for_tenant(parts);
        }
        let scoped = matches!(
            self.kind_at(ahead),
            TokenKind::Keyword(Keyword::CLUSTER | Keyword::LOCAL)
        );
        ahead += usize::from(scoped);
        match self.kind_at(ahead) {
            TokenKind::Keyword(
                Keyword::QUERIES | Keyword::STATEMENTS | Keyword::SESSIONS | Keyword::TRANSACTIONS,
            ) => {
                self.opt_take(parts, Keyword::ALL);
                self.opt_take_any(parts, &[Keyword::CLUSTER, Keyword::LOCAL]);
                self.take_any(
                    parts,
                    &[
                        Keyword::QUERIES,
                        Keyword::STATEMENTS,
                        Keyword::SESSIONS,
                        Keyword::TRANSACTIONS,
                    ],
                )?;
                Ok(true)
            }
            TokenKind::Keyword(Keyword::SETTING | Keyword::SETTINGS) if scoped => {
                self.opt_take(parts, Keyword::ALL);
                self.take(parts, Keyword::CLUSTER)?;
                if self.take_any(parts, &[Keyword::SETTING, Keyword::SETTINGS])? == Keyword::SETTING
                    && !all
                    && !self.opt_take(parts, Keyword::ALL)
                {
                    self.take_dotted(parts)?;
                }
                self.for_tenant(parts)
            }
            TokenKind::Keyword(Keyword::RANGES) if scoped && !all => {
                self.take_all(parts, &[Keyword::CLUSTER, Keyword::RANGES])?;
                self.show_ranges_options(parts)?;
                Ok(true)
            }
            TokenKind::Keyword(Keyword::ZONE) if all => {
                self.take_all(
                    parts,
                    &[Keyword::ALL, Keyword::ZONE, Keyword::CONFIGURATIONS],
                )?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn for_tenant(&mut self, parts: &mut Parts) -> Parsed<bool> {
        if self.opt_take(parts, Keyword::FOR) {
            self.take_tenant_keyword(parts)?;
            self.take_tenant(parts)?;
        }
        Ok(true)
    }

    /// `WITH TABLES, DETAILS`, if it is there.
    pub(super) fn show_ranges_options(&mut self, parts: &mut Parts) -> Parsed<()> {
        if !self.opt_take(parts, Keyword::WITH) {
            return Ok(());
        }
        self.take_list(parts, |parser, parts| {
            let options = [
                Keyword::TABLES,
                Keyword::INDEXES,
                Keyword::DETAILS,
                Keyword::KEYS,
                Keyword::EXPLAIN,
            ];
            parser.take_any(parts, &options).map(drop)
        })
    }

    /// Jobs, schedules, backups, traces and what else there is; says whether it was one of them.
    fn show_more(&mut self, parts: &mut Parts) -> Parsed<bool> {
        let Some(keyword) = self.keyword() else {
            return Ok(false);
        };
        match keyword {
            Keyword::JOB | Keyword::JOBS | Keyword::AUTOMATIC => self.show_jobs(parts)?,
            Keyword::CHANGEFEED => {
                self.take(parts, Keyword::CHANGEFEED)?;
                self.show_jobs(parts)?;
            }
            Keyword::LOGICAL => {
                self.take_all(
                    parts,
                    &[Keyword::LOGICAL, Keyword::REPLICATION, Keyword::JOBS],
                )?;
                self.opt_take_all(parts, &[Keyword::WITH, Keyword::DETAILS]);
            }
            Keyword::BACKUP | Keyword::BACKUPS => self.show_backup(parts)?,
            Keyword::RUNNING | Keyword::PAUSED | Keyword::SCHEDULES => {
                self.opt_take_any(parts, &[Keyword::RUNNING, Keyword::PAUSED]);
                self.take(parts, Keyword::SCHEDULES)?;
                if self.opt_take(parts, Keyword::FOR) {
                    let kinds = [Keyword::BACKUP, Keyword::SQL, Keyword::CHANGEFEED];
                    if self.take_any(parts, &kinds)? == Keyword::SQL {
                        self.take(parts, Keyword::STATISTICS)?;
                    }
                }
            }
            Keyword::SCHEDULE => {
                self.take(parts, Keyword::SCHEDULE)?;
                self.take_expr(parts)?;
            }
            Keyword::COMPACT | Keyword::TRACE | Keyword::KV => {
                self.opt_take(parts, Keyword::COMPACT);
                self.opt_take_any(parts, &[Keyword::KV, Keyword::EXPERIMENTAL_REPLICA]);
                self.take_all(parts, &[Keyword::TRACE, Keyword::FOR, Keyword::SESSION])?;
            }
            Keyword::EXPERIMENTAL_REPLICA => {
                let words = [
                    Keyword::EXPERIMENTAL_REPLICA,
                    Keyword::TRACE,
                    Keyword::FOR,
                    Keyword::SESSION,
                ];
                self.take_all(parts, &words)?;
            }
            Keyword::SAVEPOINT => self.take_all(parts, &[Keyword::SAVEPOINT, Keyword::STATUS])?,
            Keyword::TRANSACTION => {
                self.take(parts, Keyword::TRANSACTION)?;
                let what = [Keyword::ISOLATION, Keyword::PRIORITY, Keyword::STATUS];
                if self.take_any(parts, &what)? == Keyword::ISOLATION {
                    self.take(parts, Keyword::LEVEL)?;
                }
            }
            Keyword::TRANSFER => {
                self.take_all(parts, &[Keyword::TRANSFER, Keyword::STATE])?;
                if self.opt_take(parts, Keyword::WITH) {
                    self.take_string(parts)?;
                }
            }
            Keyword::SYNTAX => {
                self.take(parts, Keyword::SYNTAX)?;
                self.take_string(parts)?;
            }
            Keyword::LAST => {
                self.take_all(parts, &[Keyword::LAST, Keyword::QUERY, Keyword::STATISTICS])?;
                if self.opt_take(parts, Keyword::RETURNING) {
                    self.take_names(parts)?;
                }
            }
            Keyword::COMMIT => {
                self.take(parts, Keyword::COMMIT)?;
                let word = self.token();
                if !self.text(word).eq_ignore_ascii_case("timestamp") {
                    return Err(self.expected("`TIMESTAMP`"));
                }
                self.take(parts, Keyword::TIMESTAMP)?;
            }
            Keyword::COMPLETIONS => {
                self.take_all(parts, &[Keyword::COMPLETIONS, Keyword::AT, Keyword::OFFSET])?;
                self.take_number(parts)?;
                self.take(parts, Keyword::FOR)?;
                self.take_string(parts)?;
            }
            Keyword::HISTOGRAM => {
                self.take(parts, Keyword::HISTOGRAM)?;
                self.take_number(parts)?;
            }
            Keyword::FULL => {
                self.take_all(parts, &[Keyword::FULL, Keyword::TABLE, Keyword::SCANS])?;
            }
            Keyword::LOCALITY | Keyword::USERS | Keyword::ROLES => self.take(parts, keyword)?,
            Keyword::EXTERNAL => {
                self.take(parts, Keyword::EXTERNAL)?;
                let one = [Keyword::CONNECTION, Keyword::CONNECTIONS];
                if self.take_any(parts, &one)? == Keyword::CONNECTION {
                    self.take_string_or_placeholder(parts)?;
                }
            }
            Keyword::INSPECT => {
                self.take_all(parts, &[Keyword::INSPECT, Keyword::ERRORS])?;
                if self.opt_take_all(parts, &[Keyword::FOR, Keyword::TABLE]) {
                    self.take_object(parts)?;
                }
                if self.opt_take_all(parts, &[Keyword::FOR, Keyword::JOB]) {
                    self.take_number(parts)?;
                }
                self.opt_take_all(parts, &[Keyword::WITH, Keyword::DETAILS]);
            }
            Keyword::STATEMENT => {
                self.take_all(parts, &[Keyword::STATEMENT, Keyword::HINTS, Keyword::FOR])?;
                self.take_string_or_placeholder(parts)?;
                if self.opt_take(parts, Keyword::WITH) {
                    if self.opt_take(parts, Keyword::OPTIONS) {
                        self.take_paren(parts, |parser, parts| {
                            parser.take(parts, Keyword::DETAILS)
                        })?;
                    } else {
                        self.take(parts, Keyword::DETAILS)?;
                    }
                }
            }
            Keyword::TENANT | Keyword::TENANTS | Keyword::VIRTUAL => self.show_clusters(parts)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `JOBS ..`, `JOB ..`.
    fn show_jobs(&mut self, parts: &mut Parts) -> Parsed<()> {
        if self.opt_take_all(parts, &[Keyword::AUTOMATIC, Keyword::JOBS]) {
            return Ok(());
        }
        let several = self.take_any(parts, &[Keyword::JOBS, Keyword::JOB])? == Keyword::JOBS;
        let waits = self.opt_take_all(parts, &[Keyword::WHEN, Keyword::COMPLETE]);
        if !several {
            self.take_expr(parts)?;
        } else if self.at_keyword(Keyword::FOR) {
            self.for_schedules(parts)?;
        } else if waits
            || self.is(TokenKind::LeftParen)
            || self.at_query() && !self.at_job_options()
        {
            self.take_query(parts)?;
        }
        if self.opt_take(parts, Keyword::WITH) {
            self.take_list(parts, Self::job_option)?;
        }
        Ok(())
    }

    fn job_option(&mut self, parts: &mut Parts) -> Parsed<()> {
        let options = [
            Keyword::EXECUTION,
            Keyword::RESOLVED,
            Keyword::WATCHED_TABLES,
        ];
        match self.take_any(parts, &options)? {
            Keyword::EXECUTION => self.take(parts, Keyword::DETAILS),
            Keyword::RESOLVED => self.take(parts, Keyword::TIMESTAMP),
            _ => Ok(()),
        }
    }

    /// Whether `WITH` begins options rather than a query.
    fn at_job_options(&self) -> bool {
        self.at_keywords(&[Keyword::WITH, Keyword::EXECUTION, Keyword::DETAILS])
            || self.at_keywords(&[Keyword::WITH, Keyword::RESOLVED, Keyword::TIMESTAMP])
            || self.at_keywords(&[Keyword::WITH, Keyword::WATCHED_TABLES])
                && !self.keyword_at(2, Keyword::AS)
                && self.kind_at(2) != TokenKind::LeftParen
    }

    /// `FOR SCHEDULE a` or `FOR SCHEDULES (SELECT ..)`.
    pub(super) fn for_schedules(&mut self, parts: &mut Parts) -> Parsed<()> {
        self.take(parts, Keyword::FOR)?;
        if self.take_any(parts, &[Keyword::SCHEDULE, Keyword::SCHEDULES])? == Keyword::SCHEDULE {
            self.take_expr(parts)
        } else {
            self.take_query(parts)
        }
    }
}

//! The long tail of statements, as [rules](super::rule).
//!
//! A table a verb; what several of them share is in [`clause`]. The first rule that fits the tokens is taken, so a rule
//! that begins with a name stands behind those that begin with keywords there.

mod alter;
mod clause;
mod create;
mod drop;
mod show;

pub(super) use alter::{ALTER, ALTER_PRIMARY_KEY, IDENTITY_OPTIONS, TABLE_ACTION};
pub(super) use create::CREATE;
pub(super) use drop::DROP;
pub(super) use show::SHOW;

use super::super::ast::{Punctuation, UtilityKind};
use super::super::keyword::Keyword;
use super::operand::Operand;
use super::rule::{Rule, Step, rule, statements};
use clause::{
    AS_OF, BACKUP_OPTIONS, BACKUP_TARGETS, CHANGEFEED, FILTER, FOR_SCHEDULES, INTO_BACKUP, OPTION,
    OPTIONS, PRIVILEGE_TARGET, PRIVILEGES, VALUES, VARIABLE,
};

/// The plan that `PREPARE` takes in place of a statement.
pub(super) const CANNED_PLAN: &[Rule] = statements! { CannedPlan {OPT PLAN <Text>} };

/// Statements that can be prepared, but for the verbs with a table of their own.
pub(super) const PREPARABLE: &[Rule] = statements! {
    Reset {RESET {CLUSTER SETTING <Setting> | [SESSION] &VARIABLE}}
    Backup {BACKUP &BACKUP_TARGETS {INTO &INTO_BACKUP | TO} &VALUES &AS_OF [INCREMENTAL FROM <Value>, ...] &BACKUP_OPTIONS}
    Restore {
        RESTORE {SYSTEM USERS | &BACKUP_TARGETS} FROM [<Value> IN] &VALUES, ... &AS_OF
        [WITH {OPTIONS (&RESTORE_OPTION, ...) | &RESTORE_OPTION, ...}]
    }
    Import {
        IMPORT {
            INTO <Object> [(<Name>, ...)] &DATA
            | TABLE <Object> {FROM <Name> &FILE | {CREATE USING <Value> | (<Element>, ...)} &DATA}
            | <Name> &FILE
        } &OPTIONS
    }
    Export {EXPORT INTO <Name> <Value> &OPTIONS FROM <Query>}
    Job {CANCEL {&JOBS | {QUERY | SESSION} [IF EXISTS] <Expr> | {QUERIES | SESSIONS} [IF EXISTS] <Query>}}
    Job {PAUSE {&JOBS | &SCHEDULES} [WITH REASON = <Value>]}
    Job {RESUME {&JOBS | &SCHEDULES}}
    Schedule {EXECUTE {SCHEDULE <NotLast> <Expr> | SCHEDULES <Query>}}
    Changefeed {EXPERIMENTAL CHANGEFEED &CHANGEFEED}
    Scrub {EXPERIMENTAL SCRUB {DATABASE <Name> &AS_OF | TABLE <Object> &AS_OF [WITH OPTIONS &SCRUB_OPTION, ...]}}
    Scrub {INSPECT {DATABASE | TABLE} <Object> &AS_OF [WITH OPTIONS &INSPECT_OPTION, ...]}
    Scrub {
        CHECK EXTERNAL CONNECTION <Value>
        [WITH {OPTIONS (&CONNECTION_OPTION, ...) | &CONNECTION_OPTION, ...}]
    }
};

/// Statements that stand alone.
pub(super) const TOP_LEVEL: &[Rule] = statements! {
    Deallocate {DEALLOCATE {PREPARE ALL | PREPARE <Name> | ALL | <Name>}}
    Discard {DISCARD {ALL | SEQUENCES | TEMP | TEMPORARY}}
    Statistics {{ANALYZE | ANALYSE} <Object>}
    Call {CALL <Call>}
    Do {DO [LANGUAGE <TextOrWord>]... <Text> [LANGUAGE <TextOrWord>]...}
    Copy {
        COPY {
            (<Statement>) TO STDOUT &COPY_OPTIONS
            | <Object> [(<Name>, ...)] {FROM STDIN &COPY_OPTIONS &FILTER | TO STDOUT &COPY_OPTIONS}
        }
    }
    Comment {
        COMMENT ON {
            DATABASE <Name> | SCHEMA <Schema> | {TYPE | TABLE} <Object> | COLUMN <Column> | INDEX <Index>
            | CONSTRAINT <Name> ON <Object>
        } IS {NULL | <Text>}
    }
    Grant {
        GRANT {
            SYSTEM &PRIVILEGES TO <Role>, ... [WITH GRANT OPTION]
            | &PRIVILEGES {
                ON &PRIVILEGE_TARGET TO <Role>, ... [WITH GRANT OPTION]
                | TO <Role>, ... [WITH ADMIN OPTION]
            }
        }
    }
    Revoke {
        REVOKE [ADMIN OPTION FOR | GRANT OPTION FOR] {
            SYSTEM &PRIVILEGES FROM <Role>, ... | &PRIVILEGES [ON &PRIVILEGE_TARGET] FROM <Role>, ...
        }
    }
    Role {REASSIGN OWNED BY <Role>, ... TO <Role>}
    Role {DROP OWNED BY <Role>, ... [CASCADE | RESTRICT]}
    Refresh {REFRESH MATERIALIZED VIEW [CONCURRENTLY] <Object> &AS_OF [WITH [NO] DATA]}
    Cursor {CLOSE {ALL | <Name>}}
    Cursor {
        DECLARE <Name> [BINARY] [INSENSITIVE | ASENSITIVE] [NO SCROLL | SCROLL] CURSOR [{WITH | WITHOUT} HOLD]
        FOR <Query>
    }
    Cursor {{FETCH | MOVE} {<LastName> | [&MOVEMENT] [FROM | IN] <Name>}}
    Notification {LISTEN <Name>}
    Notification {NOTIFY <Name> [, <Text>]}
    Notification {UNLISTEN {* | <Object>}}
};

const RESTORE_OPTION: Rule = rule!({
    EXECUTION LOCALITY = <Value>
    | EXPERIMENTAL [DEFERRED] COPY
    | {KMS | INCREMENTAL_LOCATION} = &VALUES
    | &OPTION
});

const DATA: Rule = rule!(<Name> DATA (<Value>, ...));

const FILE: Rule = rule!({(<Value>) | <Value>});

const JOBS: Rule = rule!({JOB <Expr> | JOBS {&FOR_SCHEDULES | <Query>} | ALL <Name> JOBS});

const SCHEDULES: Rule = rule!(:Schedule {SCHEDULE <Expr> | SCHEDULES <Query>});

const SCRUB_OPTION: Rule = rule!({PHYSICAL | {INDEX | CONSTRAINT} {ALL | (<Name>, ...)}});

const INSPECT_OPTION: Rule = rule!({DETACHED [= {TRUE | FALSE}] | INDEX {ALL | (<Index>, ...)}});

const CONNECTION_OPTION: Rule = rule!({CONCURRENTLY = <Expr> | {TRANSFER | TIME} = <Value>});

const COPY_OPTIONS: Rule = rule!([
    [WITH] (&COPY_LISTED_OPTION, ...) | WITH &COPY_OPTION [&COPY_OPTION]... | &COPY_OPTION [&COPY_OPTION]...
]);

const COPY_OPTION: Rule = rule!({
    DESTINATION = <Value> | BINARY | CSV | HEADER | {DELIMITER | NULL | QUOTE | ESCAPE | ENCODING} <Value>
});

const COPY_LISTED_OPTION: Rule = rule!({
    HEADER [TRUE | FALSE]
    | FORMAT {<Text> | BINARY | CSV | TEXT}
    | {DESTINATION | DELIMITER | NULL | QUOTE | ESCAPE | ENCODING} <Value>
});

const MOVEMENT: Rule = rule!({
    {FORWARD | BACKWARD} [ALL | <Signed>]
    | {ABSOLUTE | RELATIVE} <Signed>
    | NEXT | PRIOR | FIRST | LAST | ALL
    | <Signed>
});

#[cfg(test)]
mod tests {
    use super::super::super::ast::StatementKind;
    use super::super::super::{parse, parse_one};
    use super::*;

    /// Writes sentences of the rules, by the numbers of a generator.
    struct Writer {
        state: u64,
        text: String,
        kind: UtilityKind,
        /// Where something must follow.
        unfinished: usize,
    }

    impl Writer {
        fn below(&mut self, bound: usize) -> usize {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            usize::try_from(self.state % bound as u64).unwrap()
        }

        fn word(&mut self, word: &str) {
            self.text.push(' ');
            self.text.push_str(word);
        }

        fn one_of(&mut self, rules: &[Rule]) {
            let at = self.below(rules.len());
            self.rule(rules[at]);
        }

        fn rule(&mut self, rule: Rule) {
            for step in rule {
                self.step(step);
            }
        }

        fn step(&mut self, step: &Step) {
            match *step {
                Step::Word(word) => self.word(word.as_str()),
                Step::AnyWord(words) => {
                    let at = self.below(words.len());
                    self.word(words[at].as_str());
                }
                Step::Sign(sign) => self.word(sign.as_str()),
                Step::Operand(operand) => {
                    let samples = samples(operand);
                    let at = self.below(samples.len());
                    self.word(samples[at]);
                    if operand == Operand::NotLast {
                        self.unfinished = self.text.len();
                    }
                }
                Step::Kind(kind) => self.kind = kind,
                Step::Rule(rule) => self.rule(rule),
                Step::Choice(rules) => self.one_of(rules),
                Step::Maybe(rules) | Step::ManyOnce(rules) => {
                    if self.below(2) == 0 {
                        self.one_of(rules);
                    }
                }
                Step::Many(rules) => {
                    while self.below(2) == 0 {
                        self.one_of(rules);
                    }
                }
                Step::List(item) => {
                    self.step(item);
                    while self.below(3) == 0 {
                        self.word(",");
                        self.step(item);
                    }
                }
                Step::ListOnce(item) => self.step(item),
            }
        }
    }

    fn samples(operand: Operand) -> &'static [&'static str] {
        match operand {
            Operand::Name | Operand::LastName => &["a", "\"B c\"", "value"],
            Operand::AnyName => &["a", "\"B c\""],
            Operand::Object | Operand::Schema | Operand::FunctionName => &["t", "s.t"],
            Operand::Relation | Operand::Table => &["t", "s.t"],
            Operand::TableId => &["[53]"],
            Operand::Tables => &["t", "s.t", "*", "s.*", "d.s.*"],
            Operand::SchemaStar => &["s.*"],
            Operand::Index => &["i", "t@i"],
            Operand::Column => &["c", "s.t.c"],
            Operand::Parameter => &["INT8", "IN a INT8", "a public.currency"],
            Operand::Call => &["f()", "s.f(1, 'a')"],
            Operand::Type => &["INT8", "STRING[]"],
            Operand::Expr | Operand::RestrictedExpr | Operand::Primary => &["1", "$1", "'x'"],
            Operand::Label => &["", "AS l"],
            Operand::Query | Operand::Statement => &["SELECT 1", "VALUES (1)", "(SELECT 1)"],
            Operand::Text => &["'x'", "$$y$$"],
            Operand::TextOrPlaceholder => &["'x'", "$1"],
            Operand::TextOrWord => &["'x'", "w"],
            Operand::Value => &["'x'", "$1", "w"],
            Operand::Number => &["7"],
            Operand::Signed => &["7", "-7"],
            Operand::Fraction | Operand::Visibility => &["0.5", "0"],
            Operand::Region | Operand::ParameterName => &["a", "'us-east1'"],
            Operand::Role => &["r", "CURRENT_USER", "'x'"],
            Operand::Tenant => &["'x'", "7", "[ 1 + 1 ]", "ALL"],
            Operand::Setting => &["a", "a.b.c"],
            Operand::SessionVariable => &["a", "a.b", "database"],
            Operand::SettingValue => &["1", "on", "'x'"],
            Operand::Assignment => &["a = 1", "a.b TO 1, 2", "TIME ZONE 'UTC'"],
            Operand::Partition => &["NOTHING", "LIST (a) (PARTITION p VALUES IN (1))"],
            Operand::IndexColumn => &["a", "b DESC"],
            Operand::Element => &["a INT8", "INDEX (a)"],
            Operand::TriggerEvents => &["INSERT", "DELETE OR UPDATE OF a, b"],
            Operand::TriggerArgument => &["1", "'x'", "w"],
            Operand::OptionalAs => &["", "AS"],
            Operand::OptionalEqual => &["", "="],
            Operand::NotLast | Operand::NoTable => &[""],
        }
    }

    const TABLES: [&[Rule]; 6] = [PREPARABLE, TOP_LEVEL, SHOW, CREATE, ALTER, DROP];

    #[test]
    fn sentences_of_the_rules_are_read_as_their_kind_and_printed_to_the_same_tree() {
        let mut writer = Writer {
            state: 0x2545_F491_4F6C_DD1D,
            text: String::new(),
            kind: UtilityKind::Show,
            unfinished: 0,
        };
        for rule in TABLES.iter().copied().flatten() {
            for _ in 0..200 {
                writer.text.clear();
                writer.rule(rule);
                let sql = &writer.text;
                // A comma behind a partition goes on with partitions, here and in the server's grammar of 2020.
                let ambiguous = sql.contains("CHANGEFEED") && sql.contains("PARTITION");
                if ambiguous || writer.unfinished == sql.len() {
                    continue;
                }
                let tree = parse_one(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
                let StatementKind::Utility(utility) = &tree.kind else {
                    panic!("{sql}\nis {tree:?}");
                };
                assert_eq!(utility.kind, writer.kind, "{sql}");
                let printed = tree.to_string();
                let again =
                    parse_one(&printed).unwrap_or_else(|error| panic!("{sql}\n{printed}\n{error}"));
                assert_eq!(again, tree, "{sql}\n{printed}");
            }
        }
    }

    #[test]
    fn a_message_names_what_the_rules_looked_for() {
        for (sql, message) in [
            (
                "SHOW TABLES WITH comments",
                "expected `COMMENT`, found `comments` at line 1, column 18",
            ),
            (
                "PAUSE JOBS FOR schedul 1",
                "expected one of `SCHEDULE`, `SCHEDULES`, found `schedul` at line 1, column 16",
            ),
            (
                "DROP TABEL t",
                "expected what to drop, such as `TABLE`, found `TABEL` at line 1, column 6",
            ),
            (
                "COMMENT ON VIEW v IS 'a'",
                "expected one of `DATABASE`, `SCHEMA`, `TYPE`, `TABLE`, `COLUMN`, `INDEX`, `CONSTRAINT`, \
                 found `VIEW` at line 1, column 12",
            ),
            (
                "BACKUP INTO LATEST IN",
                "expected one of `(`, a string, a word or a placeholder, found the end at line 1, column 22",
            ),
        ] {
            assert_eq!(parse(sql).unwrap_err().to_string(), message);
        }
    }
}

//! `CREATE`.

use super::super::super::ast::{Punctuation, UtilityKind};
use super::super::super::keyword::Keyword;
use super::super::operand::Operand;
use super::super::rule::{Rule, Step, rule, statements};
use super::clause::{
    BACKUP_OPTIONS, BACKUP_TARGETS, CHANGEFEED, CHANGEFEED_QUERY, CHANGEFEED_SINK,
    CHANGEFEED_TABLES, CLUSTER_OPTIONS, DOMAIN_CONSTRAINT, FULL_BACKUP, OPTION, POLICY, RECURRING,
    REGION_CLAUSE, ROLE_OPTIONS, SECONDARY_REGION, SUPER_REGION, TENANT, VALUES,
};

pub(in super::super) const CREATE: &[Rule] = statements! {
    Create {CREATE DATABASE [IF NOT EXISTS] <Name> [WITH] [&DATABASE_OPTION]...}
    Create {CREATE SCHEMA [IF NOT EXISTS] {AUTHORIZATION <Role> | <Schema> [AUTHORIZATION <Role>]}}
    Create {CREATE EXTENSION [IF NOT EXISTS] <Name> [WITH] [SCHEMA <Name>] [CASCADE]}
    Create {
        CREATE DOMAIN <Object> <OptionalAs> <Type> [COLLATE <AnyName>]
        [DEFAULT <RestrictedExpr> | &DOMAIN_CONSTRAINT]...
    }
    Create {CREATE EXTERNAL CONNECTION [IF NOT EXISTS] <Value> AS <Value>}
    Create {
        CREATE [OR REPLACE] TRIGGER <Name> {BEFORE | AFTER | INSTEAD OF} <TriggerEvents> ON <Object>
        [REFERENCING &TRANSITION [&TRANSITION]...] [FOR [EACH] {ROW | STATEMENT}] [WHEN <Expr>]
        EXECUTE {FUNCTION | PROCEDURE} <FunctionName> ([<TriggerArgument>] [, <TriggerArgument>]...)
    }
    Create {
        CREATE POLICY [IF NOT EXISTS] <Name> ON <Object> [AS {PERMISSIVE | RESTRICTIVE}]
        [FOR {ALL | SELECT | INSERT | UPDATE | DELETE}] &POLICY
    }
    Role {CREATE {ROLE | USER | GROUP} [IF NOT EXISTS] <Role> &ROLE_OPTIONS}
    Changefeed {CREATE CHANGEFEED &CHANGEFEED}
    Schedule {
        CREATE SCHEDULE [IF NOT EXISTS <Value> | <Value>] FOR {
            BACKUP &BACKUP_TARGETS {INTO | TO} &VALUES &BACKUP_OPTIONS
            | CHANGEFEED {&CHANGEFEED_QUERY | &CHANGEFEED_TABLES &CHANGEFEED_SINK}
        } &RECURRING [&FULL_BACKUP]
        [WITH [EXPERIMENTAL] SCHEDULE OPTIONS {(&OPTION, ...) | &OPTION, ...}]
    }
    Statistics {
        CREATE STATISTICS <Name> [ON <Name>, ...] FROM {<TableId> | <Object>}
        [WITH OPTIONS <NotLast>] [&STATISTICS_SOURCE]... ![&STATISTICS_OPTION [&STATISTICS_SOURCE]...]...
    }
    VirtualCluster {
        CREATE &TENANT [IF NOT EXISTS] <Tenant>
        [FROM REPLICATION OF <Tenant> ON <Primary> &CLUSTER_OPTIONS | LIKE <Tenant>]
    }
    VirtualCluster {
        CREATE LOGICAL REPLICATION STREAM FROM &REPLICATED ON <Value> INTO &REPLICATED &REPLICATION_OPTIONS
    }
    VirtualCluster {
        CREATE LOGICALLY REPLICATED &REPLICATED FROM &REPLICATED ON <Value> &REPLICATION_OPTIONS
    }
};

const DATABASE_OPTION: Rule = rule!({
    {TEMPLATE | ENCODING | LC_COLLATE | LC_CTYPE} <OptionalEqual> <TextOrWord>
    | CONNECTION LIMIT <OptionalEqual> <Signed>
    | OWNER <OptionalEqual> <Role>
    | {REGIONS | REGION} <OptionalEqual> <Region>, ...
    | &REGION_CLAUSE
    | &SECONDARY_REGION
    | &SUPER_REGION
});

const TRANSITION: Rule = rule!({NEW | OLD} {TABLE | ROW} [AS] <Name>);

const STATISTICS_SOURCE: Rule = rule!({USING EXTREMES | WHERE <Expr>});

const STATISTICS_OPTION: Rule = rule!({AS OF SYSTEM TIME <Expr> | THROTTLING <Fraction>});

const REPLICATED: Rule = rule!({TABLE <Object> | TABLES (<Object>, ...) | DATABASE <Name>});

const REPLICATION_OPTIONS: Rule =
    rule!([WITH {[OPTIONS] (&REPLICATION_OPTION, ...) | &REPLICATION_OPTION, ...}]);

const REPLICATION_OPTION: Rule = rule!({
    FUNCTION <Object> FOR TABLE <Object>
    | BIDIRECTIONAL ON <Value>
    | UNIDIRECTIONAL
    | SKIP SCHEMA CHECK
    | DEFAULT FUNCTION = <Value>
    | {CURSOR | MODE | DISCARD | LABEL | PARENT} = <Value>
});

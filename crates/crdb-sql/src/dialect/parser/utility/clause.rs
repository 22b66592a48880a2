//! Clauses that several statements of the long tail share.

use super::super::super::ast::{Punctuation, UtilityKind};
use super::super::super::keyword::Keyword;
use super::super::operand::Operand;
use super::super::rule::{Rule, Step, rule};

/// `a`, `a = 'b'`, `'a' = $1`.
pub(super) const OPTION: Rule = rule!({<Text> | <Name>} [= <Value>]);

pub(super) const OPTIONS: Rule = rule!([WITH {OPTIONS (&OPTION, ...) | &OPTION, ...}]);

/// One value, or several in parentheses.
pub(super) const VALUES: Rule = rule!({(<Value>, ...) | <Value>});

pub(super) const AS_OF: Rule = rule!([AS OF SYSTEM TIME <Expr>]);

pub(super) const FILTER: Rule = rule!([WHERE<Expr>]);

/// A variable of `SHOW` and `RESET`.
pub(super) const VARIABLE: Rule = rule!({TIME ZONE | ALL | SESSION_USER | <SessionVariable>});

/// `SET` or `RESET` of a role's or a database's variable.
pub(super) const SET_OR_RESET: Rule = rule!({RESET &VARIABLE | SET <Assignment>});

pub(super) const FUNCTION: Rule = rule!(<Object> [([<Parameter>, ...])]);

pub(super) const TENANT: Rule = rule!({TENANT | VIRTUAL CLUSTER});

pub(super) const PRIVILEGES: Rule =
    rule!({ALL [PRIVILEGES] | {CREATE | GRANT | SELECT | <Name>}, ...});

pub(super) const GRANT_TARGETS: Rule = rule!({
    TABLE <Tables>, ...
    | SEQUENCE <Tables>, ...
    | DATABASE <Name>, ...
    | TENANT <Number>
    | EXTERNAL CONNECTION <Name>, ...
    | {FUNCTION | PROCEDURE} &FUNCTION, ...
    | <Tables>, ...
});

pub(super) const PRIVILEGE_TARGET: Rule = rule!({
    TYPE <Object>, ...
    | SCHEMA <Schema>, ...
    | ALL {TABLES | SEQUENCES | FUNCTIONS | PROCEDURES | ROUTINES} IN SCHEMA <Schema>, ...
    | &GRANT_TARGETS
});

/// What is backed up or restored; nothing for all.
pub(super) const BACKUP_TARGETS: Rule = rule!([
    TENANT <Tenant> | VIRTUAL CLUSTER <Tenant> | SCHEMA <Schema>, ... | &GRANT_TARGETS
]);

/// Which backup of a collection.
pub(super) const INTO_BACKUP: Rule = rule!([LATEST IN | <Value> IN | IN]);

pub(super) const BACKUP_OPTION: Rule = rule!({
    {
        INCLUDE_ALL_VIRTUAL_CLUSTERS | REVISION_HISTORY | DETACHED | UPDATES_CLUSTER_MONITORING_METRICS
        | INCLUDE_ALL_SECONDARY_TENANTS
    } [= <Expr>]
    | EXECUTION LOCALITY = <Value>
    | STRICT STORAGE LOCALITY
    | {ENCRYPTION_PASSPHRASE | KMS | INCREMENTAL_LOCATION} = &VALUES
});

pub(super) const BACKUP_OPTIONS: Rule =
    rule!([WITH {OPTIONS (!&BACKUP_OPTION, ...) | !&BACKUP_OPTION, ...}]);

pub(super) const FOR_SCHEDULES: Rule = rule!(FOR {SCHEDULE <Expr> | SCHEDULES <Query>});

pub(super) const RECURRING: Rule = rule!(RECURRING {NEVER | <TextOrPlaceholder>});

pub(super) const FULL_BACKUP: Rule = rule!(FULL BACKUP {ALWAYS | <TextOrPlaceholder>});

pub(super) const CHANGEFEED: Rule =
    rule!({ FOR & CHANGEFEED_TABLES & CHANGEFEED_SINK | &CHANGEFEED_QUERY });

/// What a changefeed watches.
pub(super) const CHANGEFEED_TABLES: Rule =
    rule!({DATABASE <Name>, ... [&TABLE_FILTER] | &CHANGEFEED_TARGET, ...});

/// The forms with partitions and values are those of 2020; no later version has them.
pub(super) const CHANGEFEED_TARGET: Rule = rule!(
    [TABLE] <Object> [
        FAMILY <Name> | PARTITION <Name> [, <Name>]... | VALUES FROM (<Expr>, ...) TO (<Expr>, ...)
    ]
);

pub(super) const TABLE_FILTER: Rule = rule!({INCLUDE | EXCLUDE} TABLES <Object>, ...);

pub(super) const CHANGEFEED_SINK: Rule = rule!([INTO <Value>] &OPTIONS);

/// One table, and no more than a filter.
pub(super) const CHANGEFEED_QUERY: Rule = rule!(
    &CHANGEFEED_SINK AS SELECT {* | <Expr> <Label>}, ... FROM <Table> [AS <Name>] &FILTER
);

pub(super) const CLUSTER_OPTIONS: Rule =
    rule!([WITH {OPTIONS (&CLUSTER_OPTION, ...) | &CLUSTER_OPTION, ...}]);

pub(super) const CLUSTER_OPTION: Rule =
    rule!({READ VIRTUAL CLUSTER | {EXPIRATION WINDOW | RETENTION} = <Primary>});

/// `PRIMARY REGION a`, `SURVIVE ZONE FAILURE`, `PLACEMENT RESTRICTED`.
pub(super) const REGION_CLAUSE: Rule = rule!({
    PRIMARY REGION <OptionalEqual> <Region>
    | SURVIVE <OptionalEqual> {REGION | ZONE | AVAILABILITY ZONE} FAILURE
    | PLACEMENT {RESTRICTED | DEFAULT}
});

pub(super) const SECONDARY_REGION: Rule = rule!(SECONDARY REGION <OptionalEqual> <Region>);

pub(super) const SUPER_REGION: Rule = rule!(SUPER REGION <Region> VALUES <Region>, ...);

pub(super) const ROLE_OPTIONS: Rule = rule!([WITH &ROLE_OPTION] [&ROLE_OPTION]...);

pub(super) const ROLE_OPTION: Rule = rule!({
    {PASSWORD | SUBJECT | PROVISIONSRC | VALID UNTIL} {NULL | <Value>}
    | {
        CREATEROLE | NOCREATEROLE | LOGIN | NOLOGIN | CONTROLJOB | NOCONTROLJOB | CONTROLCHANGEFEED
        | NOCONTROLCHANGEFEED | CREATEDB | NOCREATEDB | CREATELOGIN | NOCREATELOGIN | VIEWACTIVITY
        | NOVIEWACTIVITY | VIEWACTIVITYREDACTED | NOVIEWACTIVITYREDACTED | CANCELQUERY | NOCANCELQUERY
        | MODIFYCLUSTERSETTING | NOMODIFYCLUSTERSETTING | SQLLOGIN | NOSQLLOGIN | VIEWCLUSTERSETTING
        | NOVIEWCLUSTERSETTING | REPLICATION | NOREPLICATION | BYPASSRLS | NOBYPASSRLS | VIEWDEBUG
        | VIEWCLUSTERMETADATA | ENCRYPTED
    }
});

/// A policy's roles and conditions.
pub(super) const POLICY: Rule = rule!(
    [TO <Role>, ...]
    [USING (<Expr>) [WITH CHECK (<Expr>)] | WITH CHECK (<Expr>) [USING (<Expr>)]]
);

pub(super) const DOMAIN_CONSTRAINT: Rule =
    rule!([CONSTRAINT <Name>] {NOT NULL | NULL | CHECK (<Expr>)});

pub(super) const TABLE_OR_INDEX: Rule = rule!({TABLE <Object> | INDEX <Index>});

/// What has partitions; `a@*` are all indexes of a table.
pub(super) const PARTITIONED: Rule = rule!({TABLE <Object> | INDEX <Index> [@ *]});

/// The form with a document is the older one.
pub(super) const ZONE: Rule = rule!(
    :ConfigureZone CONFIGURE ZONE {
        DISCARD
        | {TO | =} <Expr>
        | USING DEFAULT
        | USING {<Setting> = COPY FROM PARENT | <Setting> = <SettingValue>}, ...
    }
);

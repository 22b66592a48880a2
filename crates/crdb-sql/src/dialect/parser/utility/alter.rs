//! `ALTER`, and the changes of a table that have no node of their own.

use super::super::super::ast::{Punctuation, UtilityKind};
use super::super::super::keyword::Keyword;
use super::super::operand::Operand;
use super::super::rule::{Rule, Step, rule, statements};
use super::clause::{
    BACKUP_OPTION, CHANGEFEED_TARGET, CLUSTER_OPTION, CLUSTER_OPTIONS, DOMAIN_CONSTRAINT,
    FULL_BACKUP, FUNCTION, OPTION, OPTIONS, PARTITIONED, POLICY, PRIVILEGES, RECURRING,
    REGION_CLAUSE, ROLE_OPTIONS, SECONDARY_REGION, SET_OR_RESET, SUPER_REGION, TABLE_FILTER,
    TENANT, VALUES, ZONE,
};

pub(in super::super) const ALTER: &[Rule] = statements! {
    Alter {
        ALTER TABLE [IF EXISTS] <Relation> {
            &ZONE | &RANGES | &RENAME_OBJECT | &OWNER | &SET_SCHEMA | SET LOCALITY &LOCALITY
        }
    }
    Alter {
        ALTER INDEX [IF EXISTS] <Index> {
            &ZONE
            | &RANGES
            | RENAME TO <AnyName>
            | NOT VISIBLE | VISIBLE | INVISIBLE | VISIBILITY <Visibility>
            | {&PARAMETERS | PARTITION BY <Partition>}, ...
        }
    }
    Alter {
        ALTER VIEW [IF EXISTS] <Relation> {
            &RENAME_OBJECT | &OWNER | &SET_SCHEMA | {SET | RESET} ({<Name> [= <SettingValue>]}, ...)
        }
    }
    Alter {ALTER MATERIALIZED VIEW [IF EXISTS] <Relation> {&RENAME_OBJECT | &OWNER | &SET_SCHEMA}}
    Alter {
        ALTER SEQUENCE [IF EXISTS] <Relation> {
            &RENAME_OBJECT | &OWNER | &SET_SCHEMA | &SEQUENCE_OPTION [&SEQUENCE_OPTION]...
        }
    }
    Alter {ALTER SCHEMA <Schema> {&RENAME | &OWNER}}
    Alter {
        ALTER TYPE <Object> {
            ADD VALUE [IF NOT EXISTS] <Text> [{BEFORE | AFTER} <Text>]
            | DROP VALUE <Text>
            | RENAME VALUE <Text> TO <Text>
            | &RENAME | &OWNER | &SET_SCHEMA
        }
    }
    Alter {
        ALTER FUNCTION &FUNCTION {
            &RENAME | &OWNER | &SET_SCHEMA
            | [NO] DEPENDS ON EXTENSION <Name>
            | &FUNCTION_OPTION [&FUNCTION_OPTION]... [RESTRICT]
        }
    }
    Alter {ALTER PROCEDURE &FUNCTION {&RENAME | &OWNER | &SET_SCHEMA}}
    Alter {
        ALTER DOMAIN <Object> {
            SET DEFAULT <Expr> | DROP DEFAULT
            | {SET | DROP} NOT NULL
            | ADD &DOMAIN_CONSTRAINT [NOT VALID]
            | DROP CONSTRAINT [IF EXISTS] <Name> [CASCADE | RESTRICT]
            | RENAME CONSTRAINT <Name> TO <Name>
            | VALIDATE CONSTRAINT <Name>
            | &RENAME | &OWNER | &SET_SCHEMA
        }
    }
    Alter {ALTER POLICY <Name> ON <Object> {&RENAME | &POLICY}}
    Alter {
        ALTER DATABASE <Name> {
            &ZONE
            | ALTER LOCALITY {GLOBAL | REGIONAL [IN <Region>]} &ZONE
            | &RENAME | &OWNER
            | CONVERT TO SCHEMA WITH PARENT <Name>
            | ADD REGION [IF NOT EXISTS] <Region>
            | DROP REGION [IF EXISTS] <Region>
            | {ADD | ALTER} &SUPER_REGION
            | DROP SUPER REGION <Region>
            | DROP SECONDARY REGION [IF EXISTS]
            | &REGION_CLAUSE
            | SET PRIMARY REGION <OptionalEqual> <Region>
            | SET &SECONDARY_REGION
            | &SET_OR_RESET
        }
    }
    Alter {ALTER EXTERNAL CONNECTION [IF EXISTS] <Value> AS <Value>}
    Role {
        ALTER {ROLE | USER | GROUP} [IF EXISTS] {
            ALL [IN DATABASE <Name>] &SET_OR_RESET
            | <Role> {[IN DATABASE <Name>] &SET_OR_RESET | &ROLE_OPTIONS}
        }
    }
    Grant {
        ALTER DEFAULT PRIVILEGES [FOR ALL ROLES | FOR {ROLE | USER | GROUP} <Role>, ...] [IN SCHEMA <Schema>, ...] {
            GRANT &PRIVILEGES ON &PRIVILEGED TO <Role>, ... [WITH GRANT OPTION]
            | REVOKE [GRANT OPTION FOR] &PRIVILEGES ON &PRIVILEGED FROM <Role>, ... [CASCADE | RESTRICT]
        }
    }
    Job {ALTER JOB <Expr> &OWNER}
    Changefeed {ALTER CHANGEFEED <Expr> &CHANGEFEED_CHANGE [&CHANGEFEED_CHANGE]...}
    Schedule {ALTER BACKUP SCHEDULE <Number> &BACKUP_SCHEDULE_CHANGE, ...}
    Backup {ALTER BACKUP <Value> [IN <Value>] &NEW_KEY [&NEW_KEY]...}
    VirtualCluster {
        ALTER &TENANT <Tenant> {
            SET REPLICATION SOURCE EXPIRATION WINDOW = <Primary>
            | SET REPLICATION &CLUSTER_OPTION, ...
            | RESET DATA TO SYSTEM TIME <Expr>
            | {SET | RESET} ALL
            | SET CLUSTER SETTING <Setting> {TO | =} <SettingValue>
            | RESET CLUSTER SETTING <Setting>
            | {PAUSE | RESUME} REPLICATION
            | COMPLETE REPLICATION TO {SYSTEM TIME <Expr> | LATEST}
            | RENAME TO <Tenant>
            | START REPLICATION OF <Tenant> ON <Primary> &CLUSTER_OPTIONS
            | START SERVICE {SHARED | EXTERNAL}
            | STOP SERVICE
            | {GRANT | REVOKE} {ALL CAPABILITIES | CAPABILITY {<Setting> [{TO | =} <SettingValue>]}, ...}
        }
    }
    Ranges {ALTER RANGE &MOVE FOR <Query>}
    // A zone is named by any word, `default` included; a range by its number.
    ConfigureZone {ALTER RANGE {<AnyName> | <Number>} &ZONE}
    Ranges {ALTER RANGE <Expr> &MOVE}
    ConfigureZone {ALTER PARTITION <AnyName> OF &PARTITIONED &ZONE}
};

const RENAME: Rule = rule!(RENAME TO <Name>);

const RENAME_OBJECT: Rule = rule!(RENAME TO <Object>);

const OWNER: Rule = rule!(OWNER TO <Role>);

const SET_SCHEMA: Rule = rule!(SET SCHEMA <Name>);

const LOCALITY: Rule = rule!({
    GLOBAL
    | REGIONAL BY ROW [AS <Name>]
    | REGIONAL [BY TABLE] [IN PRIMARY REGION | IN <Region>]
});

const RELOCATE: Rule = rule!({ EXPERIMENTAL_RELOCATE | TESTING_RELOCATE | RELOCATE });

/// Where the ranges of a table or index lie.
const RANGES: Rule = rule!(
    :Ranges {
        SPLIT AT <Query> [WITH EXPIRATION <Expr>]
        | UNSPLIT ALL
        | UNSPLIT AT <Query>
        | SCATTER [FROM (<Expr>, ...) TO (<Expr>, ...)]
        | &RELOCATE [LEASE | VOTERS | NONVOTERS] <Query>
    }
);

/// Where one range lies, or several.
const MOVE: Rule = rule!(&RELOCATE {LEASE TO <Expr> | [VOTERS | NONVOTERS] FROM <Expr> TO <Expr>});

/// Storage parameters of a table or index.
const PARAMETERS: Rule = rule!({SET (&PARAMETER, ...) | RESET (<ParameterName>, ...)});

const PARAMETER: Rule = rule!(<ParameterName> = <SettingValue>);

const SEQUENCE_OPTION: Rule = rule!({
    NO {CYCLE | MINVALUE | MAXVALUE}
    | CYCLE
    | VIRTUAL
    | AS <Type>
    | OWNED BY {NONE | <Column>}
    | RESTART [WITH <Signed> | <Signed>]
    | PER {NODE | SESSION} CACHE <Signed>
    | INCREMENT [BY] <Signed>
    | START [WITH] <Signed>
    | {CACHE | MINVALUE | MAXVALUE} <Signed>
});

const FUNCTION_OPTION: Rule = rule!({
    CALLED ON NULL INPUT
    | RETURNS NULL ON NULL INPUT
    | STRICT
    | IMMUTABLE | STABLE | VOLATILE
    | [EXTERNAL] SECURITY {DEFINER | INVOKER}
    | [NOT] LEAKPROOF
});

const PRIVILEGED: Rule = rule!({ TABLES | SEQUENCES | TYPES | SCHEMAS | FUNCTIONS | ROUTINES });

const CHANGEFEED_CHANGE: Rule = rule!({
    ADD &CHANGEFEED_TARGET, ... &OPTIONS
    | DROP &CHANGEFEED_TARGET, ...
    | SET &TABLE_FILTER
    | SET &OPTION, ...
    | UNSET {INCLUDE | EXCLUDE} TABLES
    | UNSET <Name>, ...
});

const BACKUP_SCHEDULE_CHANGE: Rule = rule!({
    EXECUTE [FULL] IMMEDIATELY
    | SET &RECURRING
    | SET &FULL_BACKUP
    | SET WITH &BACKUP_OPTION
    | SET SCHEDULE OPTION &OPTION
    | SET {LABEL | INTO} &VALUES
});

const NEW_KEY: Rule = rule!(ADD NEW_KMS = &VALUES WITH OLD_KMS = &VALUES);

/// A change of a table that has no node of its own.
pub(in super::super) const TABLE_ACTION: Rule = rule!({
    &PARAMETERS
    | PARTITION [ALL] BY <Partition>
    | INJECT STATISTICS <Expr>
    | EXPERIMENTAL_AUDIT SET {READ WRITE | OFF}
    | {ENABLE | DISABLE} TRIGGER {ALL | USER | <Name>}
    | {ENABLE | DISABLE | FORCE | NO FORCE} ROW LEVEL SECURITY
});

pub(in super::super) const ALTER_PRIMARY_KEY: Rule = rule!(
    ALTER PRIMARY KEY USING COLUMNS (<IndexColumn>, ...)
    [USING HASH [WITH BUCKET_COUNT = <Expr>]]
    [INTERLEAVE IN PARENT <Object> (<Name>, ...)]
    [WITH (&PARAMETER, ...)]
);

/// Changes of an identity column.
pub(in super::super) const IDENTITY_OPTIONS: Rule = rule!([
    RESTART [WITH] [<Signed>]
    | SET GENERATED {BY DEFAULT | ALWAYS}
    | SET NO {CYCLE | MINVALUE | MAXVALUE}
    | SET CYCLE
    | SET {CACHE | INCREMENT | MINVALUE | MAXVALUE | START} [BY | WITH] <Signed>
]...);

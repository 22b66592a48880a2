//! The keywords of CockroachDB's grammar and what each may stand for.
//!
//! CockroachDB sorts its keywords as PostgreSQL does (Appendix C of PostgreSQL's manual): a keyword of one class may
//! name a column, of another only a function or a type, of a third nothing unless it is quoted. `FAMILY` is a class of its
//! own, and CockroachDB's own. `INDEX` and `NOTHING` are keywords only where a few tokens around them say so.

/// What a keyword may stand for when it is not quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeywordClass {
    /// Any name.
    Unreserved,
    /// A column or table, not a function or type.
    ColumnName,
    /// A function or type, not a column or table.
    TypeOrFunction,
    /// `FAMILY`: a function or table, not a column or type.
    FamilyExtra,
    /// Only a label after `AS`, a part after a dot, or an index after `@`.
    Reserved,
}

macro_rules! keywords {
    ($($class:ident { $($word:ident)* })*) => {
        /// A keyword, named as it is written in upper case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "named as they are written")]
        #[expect(missing_docs, reason = "the name says it")]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum Keyword {
            $($($word,)*)*
        }

        /// Every keyword with its spelling and class, in the order of the enum.
        const KEYWORDS: &[(&str, KeywordClass, Keyword)] =
            &[$($((stringify!($word), KeywordClass::$class, Keyword::$word),)*)*];
    };
}

keywords! {
    Unreserved {
        ABORT ABSOLUTE ACCESS ACTION ADD ADMIN AFTER AGGREGATE ALTER ALWAYS ASENSITIVE AS_JSON AT
        ATOMIC ATTRIBUTE AUTOMATIC AVAILABILITY AVOID_FULL_SCAN BACKUP BACKUPS BACKWARD BATCH BEFORE
        BEGIN BIDIRECTIONAL BINARY BUCKET_COUNT BUNDLE BY BYPASSRLS CACHE CALL CALLED CANCEL
        CANCELQUERY CAPABILITIES CAPABILITY CASCADE CHAIN CHANGEFEED CHECK_FILES CLOSE CLUSTER
        CLUSTERS COLUMNS COMMENT COMMENTS COMMIT COMMITTED COMPACT COMPLETE COMPLETIONS
        CONFIGURATION CONFIGURATIONS CONFIGURE CONFLICT CONNECTION CONNECTIONS CONSTRAINTS
        CONTROLCHANGEFEED CONTROLJOB CONVERSION CONVERT COPY COST COVERING CREATEDB CREATELOGIN
        CREATEROLE CSV CUBE CURRENT CURSOR CYCLE DATA DATABASE DATABASES DAY DEALLOCATE
        DEBUG_DUMP_METADATA_SST DEBUG_IDS DECLARE DEFAULTS DEFERRED DEFINER DELETE DELIMITER DEPENDS
        DESTINATION DETACHED DETAILS DISABLE DISCARD DOMAIN DOUBLE DROP EACH ENABLE ENCODING
        ENCRYPTED ENCRYPTION_INFO_DIR ENCRYPTION_PASSPHRASE ENUM ENUMS ERRORS ESCAPE EXCLUDE
        EXCLUDING EXECUTE EXECUTION EXPERIMENTAL EXPERIMENTAL_AUDIT EXPERIMENTAL_FINGERPRINTS
        EXPERIMENTAL_RELOCATE EXPERIMENTAL_REPLICA EXPIRATION EXPLAIN EXPORT EXTENSION EXTERNAL
        EXTREMES FAILURE FILES FILTER FINGERPRINTS FIRST FOLLOWING FORCE FORCE_INDEX
        FORCE_INVERTED_INDEX FORCE_NOT_NULL FORCE_NULL FORCE_QUOTE FORCE_ZIGZAG FORMAT FORWARD
        FREEZE FUNCTION FUNCTIONS GENERATED GEOMETRYCOLLECTION GEOMETRYCOLLECTIONM
        GEOMETRYCOLLECTIONZ GEOMETRYCOLLECTIONZM GEOMETRYM GEOMETRYZ GEOMETRYZM GLOBAL GOAL GRANTEE
        GRANTS GROUPS HASH HEADER HIGH HINTS HISTOGRAM HOLD HOUR IDENTITY IGNORE_FOREIGN_KEYS
        IMMEDIATE IMMEDIATELY IMMUTABLE IMPORT INCLUDE INCLUDE_ALL_SECONDARY_TENANTS
        INCLUDE_ALL_VIRTUAL_CLUSTERS INCLUDING INCREMENT INCREMENTAL INCREMENTAL_LOCATION INDEX
        INDEXES INHERITS INJECT INPUT INSENSITIVE INSERT INSPECT INSTEAD INTERLEAVE INTO_DB INVERTED
        INVISIBLE INVOKER ISOLATION JOB JOBS JSON KEY KEYS KMS KV LABEL LANGUAGE LAST LATEST
        LC_COLLATE LC_CTYPE LEAKPROOF LEASE LESS LEVEL LINESTRING LINESTRINGM LINESTRINGZ
        LINESTRINGZM LIST LISTEN LOCAL LOCALITY LOCKED LOGICAL LOGICALLY LOGIN LOOKUP LOW MATCH
        MATERIALIZED MAXVALUE MERGE METHOD MINUTE MINVALUE MODE MODIFYCLUSTERSETTING
        MODIFYSQLCLUSTERSETTING MONTH MOVE MULTILINESTRING MULTILINESTRINGM MULTILINESTRINGZ
        MULTILINESTRINGZM MULTIPOINT MULTIPOINTM MULTIPOINTZ MULTIPOINTZM MULTIPOLYGON MULTIPOLYGONM
        MULTIPOLYGONZ MULTIPOLYGONZM NAMES NAN NEVER NEW NEWER NEW_DB_NAME NEW_KMS NEXT NO
        NOBYPASSRLS NOCANCELQUERY NOCONTROLCHANGEFEED NOCONTROLJOB NOCREATEDB NOCREATELOGIN
        NOCREATEROLE NODE NOLOGIN NOMODIFYCLUSTERSETTING NONVOTERS NOREPLICATION NORMAL NOSQLLOGIN
        NOTHING NOTIFY NOVIEWACTIVITY NOVIEWACTIVITYREDACTED NOVIEWCLUSTERSETTING NOWAIT NO_FULL_SCAN
        NO_INDEX_JOIN NO_ZIGZAG_JOIN NULLS OF OFF OIDS OLD OLDER OLD_KMS OPERATOR OPT OPTION OPTIONS
        ORDINALITY OTHERS OVER OVERRIDING OWNED OWNER PARALLEL PARENT PARTIAL PARTITION PARTITIONS
        PASSWORD PAUSE PAUSED PER PERMISSIVE PHYSICAL PLACEMENT PLAN PLANS POINTM POINTZ POINTZM
        POLICIES POLICY POLYGONM POLYGONZ POLYGONZM PRECEDING PREPARE PREPARED PRESERVE PRIOR
        PRIORITY PRIVILEGES PROCEDURE PROCEDURES PROVISIONSRC PUBLIC PUBLICATION QUERIES QUERY QUOTE
        RANGE RANGES READ REASON REASSIGN RECURRING RECURSIVE REDACT REF REFERENCING REFRESH REGION
        REGIONAL REGIONS REINDEX RELATIVE RELEASE RELOCATE REMOVE_REGIONS RENAME REPEATABLE REPLACE
        REPLICATED REPLICATION RESET RESOLVED RESTART RESTORE RESTRICT RESTRICTED RESTRICTIVE RESUME
        RETENTION RETRY RETURN RETURNS REVISION REVISION_HISTORY REVOKE ROLE ROLES ROLLBACK ROLLUP
        ROUTINES ROWS RULE RUNNING SAVEPOINT SCANS SCATTER SCHEDULE SCHEDULES SCHEMA SCHEMAS
        SCHEMA_ONLY SCROLL SCRUB SEARCH SECOND SECONDARY SECURITY SEQUENCE SEQUENCES SERIALIZABLE
        SERVER SERVICE SESSION SESSIONS SET SETS SETTING SETTINGS SHARE SHARED SHOW SIMPLE SIZE SKIP
        SKIP_LOCALITIES_CHECK SKIP_MISSING_FOREIGN_KEYS SKIP_MISSING_SEQUENCES
        SKIP_MISSING_SEQUENCE_OWNERS SKIP_MISSING_UDFS SKIP_MISSING_VIEWS SNAPSHOT SOURCE SPLIT SQL
        SQLLOGIN STABLE START STATE STATEMENT STATEMENTS STATISTICS STATUS STDIN STDOUT STOP STORAGE
        STORE STORED STORING STRAIGHT STREAM STRICT SUBJECT SUBSCRIPTION SUPER SUPPORT SURVIVAL
        SURVIVE SYNTAX SYSTEM TABLES TABLESPACE TEMP TEMPLATE TEMPORARY TENANT TENANTS TENANT_NAME
        TESTING_RELOCATE TEXT THAN THROTTLING TIES TRACE TRACING TRANSACTION TRANSACTIONS TRANSFER
        TRANSFORM TRIGGER TRIGGERS TRUNCATE TRUSTED TYPE TYPES UNBOUNDED UNCOMMITTED UNIDIRECTIONAL
        UNKNOWN UNLISTEN UNLOGGED UNSAFE_RESTORE_INCOMPATIBLE_VERSION UNSET UNSPLIT UNTIL UPDATE
        UPDATES_CLUSTER_MONITORING_METRICS UPSERT USE USERS VALID VALIDATE VALUE VARIABLES VARYING
        VERIFY_BACKUP_TABLE_DATA VIEW VIEWACTIVITY VIEWACTIVITYREDACTED VIEWCLUSTERMETADATA
        VIEWCLUSTERSETTING VIEWDEBUG VIRTUAL_CLUSTER VIRTUAL_CLUSTER_NAME VISIBILITY VISIBLE
        VOLATILE VOTERS WATCHED_TABLES WITHIN WITHOUT WRITE YEAR ZONE ZONES
    }
    ColumnName {
        ANNOTATE_TYPE BETWEEN BIGINT BIT BOOLEAN BOX2D CHAR CHARACTER CHARACTERISTICS COALESCE DEC
        DECIMAL EXISTS EXTRACT EXTRACT_DURATION FLOAT GEOGRAPHY GEOMETRY GREATEST GROUPING IF
        IFERROR IFNULL INOUT INT INTEGER INTERVAL ISERROR LEAST NULLIF NUMERIC OUT OVERLAY POINT
        POLYGON POSITION PRECISION REAL ROW SETOF SMALLINT STRING SUBSTRING TIME TIMESTAMP
        TIMESTAMPTZ TIMETZ TREAT TRIM VALUES VARBIT VARCHAR VECTOR VIRTUAL WORK
    }
    TypeOrFunction {
        AUTHORIZATION COLLATION CROSS FULL ILIKE INNER IS ISNULL JOIN LEFT LIKE NATURAL NONE NOTNULL
        OUTER OVERLAPS RIGHT SIMILAR
    }
    FamilyExtra {
        FAMILY
    }
    Reserved {
        ALL ANALYSE ANALYZE AND ANY ARRAY AS ASC ASYMMETRIC BOTH CASE CAST CHECK COLLATE COLUMN
        CONCURRENTLY CONSTRAINT CREATE CURRENT_CATALOG CURRENT_DATE CURRENT_ROLE CURRENT_SCHEMA
        CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEFAULT DEFERRABLE DESC DISTINCT DO ELSE END
        EXCEPT FALSE FETCH FOR FOREIGN FROM GRANT GROUP HAVING IN INITIALLY INTERSECT INTO LATERAL
        LEADING LIMIT LOCALTIME LOCALTIMESTAMP NOT NULL OFFSET ON ONLY OR ORDER PLACING PRIMARY
        REFERENCES RETURNING SELECT SESSION_USER SOME SYMMETRIC TABLE THEN TO TRAILING TRUE UNION
        UNIQUE USER USING VARIADIC WHEN WHERE WINDOW WITH
    }
}

/// Slots of the lookup table: a power of two, well above the number of keywords so that probes stay short.
const SLOTS: usize = 2048;

/// The longest keyword; longer words need no lookup.
const LONGEST: usize = 40;

/// Mixes one (upper-case) byte into a running hash (FNV-1a).
const fn mix(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

/// The hash of no bytes (FNV-1a's offset basis).
const EMPTY: u32 = 0x811c_9dc5;

/// The slot at which a word with this hash is looked for first.
const fn slot_of(hash: u32) -> usize {
    (hash ^ (hash >> 15)) as usize % SLOTS
}

/// Open addressing: each slot holds one more than an index into `KEYWORDS`, or zero.
static TABLE: [u16; SLOTS] = {
    let mut table = [0_u16; SLOTS];
    let mut index = 0;
    while index < KEYWORDS.len() {
        let word = KEYWORDS[index].0.as_bytes();
        let mut hash = EMPTY;
        let mut at = 0;
        while at < word.len() {
            hash = mix(hash, word[at]);
            at += 1;
        }
        let mut slot = slot_of(hash);
        while table[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = index as u16 + 1;
        index += 1;
    }
    table
};

impl Keyword {
    /// The keyword that `word` is, in whatever case it is written.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        let word = word.as_bytes();
        if word.len() > LONGEST {
            return None;
        }
        let hash = word
            .iter()
            .fold(EMPTY, |hash, byte| mix(hash, byte.to_ascii_uppercase()));
        let mut slot = slot_of(hash);
        loop {
            let index = TABLE[slot];
            if index == 0 {
                return None;
            }
            let (spelling, _, keyword) = KEYWORDS[usize::from(index) - 1];
            if spelling.as_bytes().eq_ignore_ascii_case(word) {
                return Some(keyword);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// Every keyword.
    pub fn all() -> impl Iterator<Item = Self> {
        KEYWORDS.iter().map(|(_, _, keyword)| *keyword)
    }

    /// The keyword in upper case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        KEYWORDS[self as usize].0
    }

    /// What the keyword may stand for when it is not quoted.
    #[must_use]
    pub const fn class(self) -> KeywordClass {
        KEYWORDS[self as usize].1
    }

    /// Whether the keyword labels a result column without `AS` (`SELECT a status`).
    #[must_use]
    pub const fn is_bare_label(self) -> bool {
        use Keyword::{
            ARRAY, AS, CHAR, CHARACTER, COLLATE, CREATE, DAY, EXCEPT, FETCH, FILTER, FOR, FROM,
            GRANT, GROUP, HAVING, HOUR, INTERSECT, INTO, ISNULL, LIMIT, MINUTE, MONTH, NOTNULL,
            OFFSET, ON, ORDER, OVER, OVERLAPS, PRECISION, RETURNING, SECOND, TO, UNION, VARYING,
            WHERE, WINDOW, WITH, WITHIN, WITHOUT, YEAR,
        };
        !matches!(
            self,
            ARRAY
                | AS
                | CHAR
                | CHARACTER
                | COLLATE
                | CREATE
                | DAY
                | EXCEPT
                | FETCH
                | FILTER
                | FOR
                | FROM
                | GRANT
                | GROUP
                | HAVING
                | HOUR
                | INTERSECT
                | INTO
                | ISNULL
                | LIMIT
                | MINUTE
                | MONTH
                | NOTNULL
                | OFFSET
                | ON
                | ORDER
                | OVER
                | OVERLAPS
                | PRECISION
                | RETURNING
                | SECOND
                | TO
                | UNION
                | VARYING
                | WHERE
                | WINDOW
                | WITH
                | WITHIN
                | WITHOUT
                | YEAR
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_found_by_its_spelling_in_any_case() {
        for (spelling, class, keyword) in KEYWORDS {
            assert!(
                spelling.len() <= LONGEST,
                "{spelling} is longer than the lookup looks"
            );
            assert_eq!(Keyword::find(spelling), Some(*keyword));
            assert_eq!(Keyword::find(&spelling.to_lowercase()), Some(*keyword));
            assert_eq!(keyword.class(), *class);
            assert_eq!(keyword.as_str(), *spelling);
        }
    }

    #[test]
    fn words_that_are_not_keywords_are_not_found() {
        for word in [
            "",
            "selec",
            "select2",
            "accounts",
            "überweisung",
            "x_very_long_word_that_is_longer_than_any_keyword_is",
        ] {
            assert_eq!(Keyword::find(word), None, "{word}");
        }
    }
}

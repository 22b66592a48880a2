-- Who has waited within the last $1 seconds, and for whom.
--
-- The columns are those of https://www.cockroachlabs.com/docs/v25.1/crdb-internal#transaction_contention_events, the joins those of
-- https://www.cockroachlabs.com/docs/v25.1/monitor-and-analyze-transaction-contention. The three tables are among SupportedVTables of
-- pkg/sql/crdb_internal.go, which do not ask for allow_unsafe_internals. The cast gives the placeholder its type: an interval may be
-- multiplied by a whole number, a DECIMAL or a FLOAT8.
WITH events AS (
    SELECT waiting_stmt_fingerprint_id AS waiting, blocking_txn_fingerprint_id AS blocking, table_name, count(*) AS seen,
        max(EXTRACT(EPOCH FROM contention_duration)) AS longest
    FROM crdb_internal.transaction_contention_events
    WHERE collection_ts > now() - $1::FLOAT8 * INTERVAL '1 second' AND database_name = current_database()
    GROUP BY waiting_stmt_fingerprint_id, blocking_txn_fingerprint_id, table_name
    ORDER BY seen DESC
    LIMIT 20
), statements AS (
    SELECT fingerprint_id, encode(fingerprint_id, 'hex') AS hex, max(metadata->>'query') AS query
    FROM crdb_internal.statement_statistics
    GROUP BY fingerprint_id
), transactions AS (
    SELECT DISTINCT fingerprint_id, jsonb_array_elements_text(metadata->'stmtFingerprintIDs') AS statement
    FROM crdb_internal.transaction_statistics
    WHERE fingerprint_id IN (SELECT blocking FROM events)
)
SELECT w.query, b.query, e.longest::FLOAT8, e.table_name, e.seen
FROM events AS e
JOIN statements AS w ON w.fingerprint_id = e.waiting
LEFT JOIN transactions AS t ON t.fingerprint_id = e.blocking
LEFT JOIN statements AS b ON b.hex = t.statement

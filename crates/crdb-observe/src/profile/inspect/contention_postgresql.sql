-- Who waits for a lock now, and for whom. pg_blocking_pids is of PostgreSQL 9.6.
SELECT waiting.query, blocking.query,
    CAST(EXTRACT(EPOCH FROM clock_timestamp() - waiting.query_start) AS FLOAT8)
FROM pg_stat_activity AS waiting
CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocker (pid)
JOIN pg_stat_activity AS blocking ON blocking.pid = blocker.pid
WHERE waiting.wait_event_type = 'Lock' AND waiting.datname = current_database() AND waiting.usename = current_user

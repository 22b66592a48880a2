SELECT
SELECT ALL owner FROM accounts
SELECT DISTINCT ON (owner, region) id FROM accounts ORDER BY owner, region, opened_at DESC
SELECT id AS "select", balance AS year, owner status FROM accounts
SELECT index, nothing FROM ledger ORDER BY index
SELECT * FROM accounts@accounts_by_owner
SELECT * FROM accounts@{FORCE_INDEX=accounts_by_owner,DESC}
SELECT * FROM accounts@{NO_FULL_SCAN,NO_ZIGZAG_JOIN}
SELECT * FROM accounts@{FORCE_ZIGZAG=by_owner}
SELECT * FROM accounts@[2] AS a
SELECT * FROM [105 AS a]@[2]
SELECT * FROM [105(1, 3) AS a]
SELECT * FROM ONLY accounts * AS a (id, owner)
SELECT * FROM bank.public.accounts AS OF SYSTEM TIME follower_read_timestamp()
SELECT * FROM accounts AS OF SYSTEM TIME '-10s' WHERE balance < 0
SELECT * FROM accounts AS of WHERE of.balance < 0
SELECT a.id, t.* FROM accounts AS a INNER LOOKUP JOIN transfers AS t ON a.id = t.source
SELECT a.id FROM accounts a LEFT MERGE JOIN transfers t USING (id) CROSS JOIN regions
SELECT a.id FROM accounts a NATURAL FULL JOIN owners INNER STRAIGHT JOIN regions ON true
SELECT a.id FROM accounts a JOIN owners o JOIN regions r ON o.region = r.id ON a.owner = o.id
SELECT * FROM ((accounts JOIN owners USING (id))) WITH ORDINALITY AS pairs
SELECT * FROM ((SELECT 1) UNION (SELECT 2)) AS numbers
SELECT * FROM ((SELECT 1) AS a JOIN (SELECT 2) AS b ON true)
SELECT * FROM [SHOW TABLES FROM bank] WHERE table_name LIKE 'a%'
SELECT * FROM [INSERT INTO accounts DEFAULT VALUES RETURNING id] AS made
SELECT * FROM generate_series(1, 10) WITH ORDINALITY AS s (n, place)
SELECT * FROM json_to_recordset('[]') AS r (a INT8, b STRING)
SELECT * FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY[1, 2])) AS r
SELECT * FROM accounts, LATERAL (SELECT * FROM transfers WHERE source = accounts.id) AS t
SELECT * FROM crdb_internal.cluster_queries, LATERAL ROWS FROM (f(1), g(2))
TABLE accounts ORDER BY id LIMIT 3
VALUES (1, 'a'), (2, DEFAULT) ORDER BY 1
(SELECT 1) UNION ALL (SELECT 2) INTERSECT SELECT 3 EXCEPT DISTINCT VALUES (4)
((SELECT id FROM accounts) LIMIT 1) OFFSET 1 ROW
WITH RECURSIVE tree (id, parent) AS (SELECT 1, 2 UNION ALL SELECT id, parent FROM tree) SELECT * FROM tree
WITH a AS MATERIALIZED (SELECT 1), b AS NOT MATERIALIZED (DELETE FROM t RETURNING x) SELECT * FROM a, b
SELECT owner, sum(balance) FROM accounts GROUP BY owner HAVING sum(balance) > 0
SELECT rank() OVER w, sum(balance) OVER (w ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM accounts WINDOW w AS (PARTITION BY owner ORDER BY balance DESC NULLS LAST)
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY balance) FILTER (WHERE open) FROM accounts
SELECT array_agg(id ORDER BY opened_at, id DESC), count(DISTINCT owner), count(*) FROM accounts
SELECT id FROM accounts ORDER BY INDEX accounts@by_owner DESC, PRIMARY KEY accounts
SELECT id FROM accounts FETCH FIRST 10 ROWS ONLY OFFSET $1 ROWS
SELECT id FROM accounts FETCH NEXT ROW ONLY
SELECT id FROM accounts LIMIT ALL FOR UPDATE OF accounts SKIP LOCKED FOR KEY SHARE NOWAIT
SELECT id FROM accounts FOR NO KEY UPDATE LIMIT 1
SELECT id FROM accounts FOR READ ONLY
SELECT a FROM [53(1, 2) AS t (b, c)]@{FAMILY=[2]}

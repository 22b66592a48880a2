INSERT INTO accounts (id, owner) VALUES ($1, $2), (DEFAULT, 'x') RETURNING id, balance AS now
INSERT INTO accounts AS a DEFAULT VALUES
INSERT INTO accounts (SELECT * FROM staged)
INSERT INTO accounts ((SELECT * FROM staged) UNION TABLE other)
INSERT INTO accounts (id) OVERRIDING SYSTEM VALUE SELECT 1
INSERT INTO accounts@primary VALUES (1)
INSERT INTO accounts VALUES (1) ON CONFLICT DO NOTHING RETURNING NOTHING
INSERT INTO accounts VALUES (1) ON CONFLICT (id) WHERE open DO UPDATE SET balance = excluded.balance, (a, b) = (1, 2), (c, d) = (SELECT 1, 2) WHERE accounts.open
INSERT INTO accounts VALUES (1) ON CONFLICT ON CONSTRAINT accounts_pkey DO UPDATE SET balance = DEFAULT
WITH x AS (SELECT 1) UPSERT INTO accounts (id) SELECT * FROM x RETURNING *
UPDATE accounts@by_owner AS a SET balance = balance - $1, (b, c) = ROW(1, 2) FROM transfers AS t WHERE a.id = t.source ORDER BY a.id LIMIT 10 RETURNING a.id
UPDATE accounts SET balance = 0
WITH x AS (SELECT 1) UPDATE ONLY accounts SET open = false WHERE id IN (TABLE x)
DELETE FROM accounts WHERE id = $1 RETURNING id
DELETE FROM accounts AS a USING closed AS c WHERE a.id = c.id ORDER BY a.id DESC LIMIT 100
DELETE BATCH (SIZE 1000) FROM accounts WHERE closed
TRUNCATE accounts, bank.transfers CASCADE
COPY accounts (id, owner) FROM STDIN WITH CSV HEADER DELIMITER '|' NULL 'x'
COPY accounts FROM STDIN WITH (FORMAT CSV, HEADER true, ENCODING 'utf8')
COPY (SELECT * FROM accounts) TO STDOUT WITH (FORMAT text)
UPDATE t SET a[1] = 2, b = 3 WHERE c = 4
UPDATE t SET a[1][$1] = 2
INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b[1] = 2

-- Sample data: 200 customers, 500 accounts, 2,000 transfers. Deterministic but for the generated keys, so that the
-- total over all accounts is always 1,371,235.00.

INSERT INTO customers (name, email, country, preferences)
SELECT
    (ARRAY['Ada', 'Alan', 'Barbara', 'Claude', 'Donald', 'Edsger', 'Frances', 'Grace', 'Hedy', 'Ivan'])[1 + n % 10]
        || ' ' ||
    (ARRAY['Abbott', 'Brandt', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'Garcia'])[1 + n % 7],
    'customer' || n::TEXT || '@bank.example',
    (ARRAY['DE', 'FR', 'PT', 'SE', 'US'])[1 + n % 5],
    CASE WHEN n % 3 = 0 THEN '{"newsletter": true}'::JSONB ELSE '{}'::JSONB END
FROM generate_series(1, 200) AS numbers (n);

INSERT INTO accounts (number, customer_id, kind, balance)
SELECT
    'ACC-' || lpad(n::TEXT, 6, '0'),
    customers.id,
    (ARRAY['checking', 'savings', 'settlement'])[1 + n % 3]::account_kind,
    (500 + (n % 100) * 45 + (n % 7) * 5)::DECIMAL
FROM generate_series(1, 500) AS numbers (n)
JOIN customers ON customers.email = 'customer' || (1 + n % 200)::TEXT || '@bank.example';

INSERT INTO transfers (from_account, to_account, amount, note, made_at)
SELECT
    source.id,
    target.id,
    (1 + n % 90)::DECIMAL,
    CASE WHEN n % 4 = 0 THEN 'invoice ' || n::TEXT END,
    now() - n * INTERVAL '1 minute'
FROM generate_series(1, 2000) AS numbers (n)
JOIN accounts AS source ON source.number = 'ACC-' || lpad((1 + n % 500)::TEXT, 6, '0')
JOIN accounts AS target ON target.number = 'ACC-' || lpad((1 + (n * 7 + 3) % 500)::TEXT, 6, '0')
WHERE source.id <> target.id;

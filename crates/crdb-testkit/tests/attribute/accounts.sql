INSERT INTO accounts (number, balance, owner) VALUES ('ACC-1', 100, 'a'), ('ACC-2', 50, 'b');

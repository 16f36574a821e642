PRAGMA foreign_keys=OFF;
ALTER TABLE account RENAME TO account_old;
CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL, age INTEGER, org_id INTEGER);
INSERT INTO account SELECT id, email, age, org_id FROM account_old;
DROP TABLE account_old;
CREATE INDEX account_email_idx ON account (email);
PRAGMA foreign_keys=ON;

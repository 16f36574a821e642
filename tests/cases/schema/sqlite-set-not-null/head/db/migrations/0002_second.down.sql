CREATE TABLE account_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL,
  nick TEXT,
  age INTEGER,
  org_id INTEGER
);
INSERT INTO account_new SELECT id, email, nick, age, org_id FROM account;
DROP TABLE account;
ALTER TABLE account_new RENAME TO account;
CREATE INDEX account_email_idx ON account (email);

CREATE TABLE account (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL,
  nick TEXT,
  age INTEGER,
  org_id INTEGER
);
CREATE INDEX account_email_idx ON account (email);
CREATE TABLE org (id INTEGER PRIMARY KEY, name TEXT);

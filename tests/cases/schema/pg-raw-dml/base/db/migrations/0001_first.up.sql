CREATE TABLE account (
  id bigserial PRIMARY KEY,
  email varchar(100) NOT NULL,
  nick text,
  age integer,
  org_id bigint
);
CREATE INDEX account_email_idx ON account (email);
CREATE TABLE org (id bigserial PRIMARY KEY, name text);
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE VIEW grown AS SELECT id, email FROM account WHERE age > 17;

ALTER TABLE account ADD COLUMN plan text;
ALTER TABLE account ADD COLUMN seats integer NOT NULL DEFAULT 1;
CREATE TABLE team (id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES account (id));
CREATE INDEX team_account ON team (account_id);

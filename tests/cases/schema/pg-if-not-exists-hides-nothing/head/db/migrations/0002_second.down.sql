CREATE VIEW grown AS SELECT id, email FROM account WHERE age > 17;
ALTER TABLE account ADD COLUMN nick text;
CREATE TABLE org (id bigserial PRIMARY KEY, name text);

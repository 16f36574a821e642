-- migrate:up
-- the lines under migrate:down are Down
ALTER TABLE users ADD COLUMN name text;

-- migrate:down
ALTER TABLE users DROP COLUMN name;

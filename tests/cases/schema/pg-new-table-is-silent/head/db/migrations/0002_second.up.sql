CREATE TABLE tag (id bigserial PRIMARY KEY, name text, old text);
ALTER TABLE tag DROP COLUMN old;
ALTER TABLE tag RENAME TO label;
ALTER TABLE label ADD COLUMN x int NOT NULL;
CREATE UNIQUE INDEX label_name ON label (name);
ALTER TABLE label ALTER COLUMN name SET NOT NULL;
DROP INDEX label_name;
CREATE TABLE gone (id int);
DROP TABLE gone;

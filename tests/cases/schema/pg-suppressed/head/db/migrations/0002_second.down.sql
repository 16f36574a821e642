ALTER TABLE account ADD COLUMN nick text, ADD COLUMN age integer;

ALTER TABLE account ADD COLUMN nick text;

ALTER TABLE account ADD COLUMN x int;

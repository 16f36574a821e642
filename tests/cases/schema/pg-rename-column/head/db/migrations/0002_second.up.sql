ALTER TABLE account RENAME nick TO name;

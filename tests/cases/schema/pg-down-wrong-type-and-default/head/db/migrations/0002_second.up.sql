ALTER TABLE account DROP COLUMN age, ADD COLUMN born date;

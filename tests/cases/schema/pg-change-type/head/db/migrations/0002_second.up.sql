ALTER TABLE account ALTER COLUMN age TYPE smallint;
ALTER TABLE account ALTER COLUMN org_id TYPE numeric(20);
ALTER TABLE account ALTER COLUMN email TYPE varchar(200);
ALTER TABLE account ALTER COLUMN email TYPE text;

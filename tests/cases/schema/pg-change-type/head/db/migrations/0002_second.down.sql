ALTER TABLE account ALTER COLUMN email TYPE varchar(100), ALTER org_id TYPE bigint, ALTER age TYPE integer;

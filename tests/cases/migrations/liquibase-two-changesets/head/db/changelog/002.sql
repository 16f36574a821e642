--liquibase formatted sql

--changeset ann:2
ALTER TABLE account ALTER COLUMN nick DROP DEFAULT;
--rollback ALTER TABLE account ALTER COLUMN nick SET DEFAULT 'y';

--changeset ann:3
ALTER TABLE account ADD COLUMN age integer;
--rollback ALTER TABLE account DROP COLUMN age;

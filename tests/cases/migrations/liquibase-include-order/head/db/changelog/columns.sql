--liquibase formatted sql

--changeset ann:2
ALTER TABLE account ALTER COLUMN nick SET DEFAULT 'y';
--rollback ALTER TABLE account ALTER COLUMN nick SET DEFAULT 'x';

--changeset ann:3
ALTER TABLE account ALTER COLUMN nick DROP DEFAULT;
--rollback ALTER TABLE account ALTER COLUMN nick SET DEFAULT 'x';

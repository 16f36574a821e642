--liquibase formatted sql

--changeset ann:2
ALTER TABLE account ALTER COLUMN nick SET DEFAULT 'y';
--rollback ALTER TABLE account ALTER COLUMN nick SET DEFAULT 'x';

--liquibase formatted sql

--changeset ann:1 dbms:postgresql
CREATE TABLE account (id bigint PRIMARY KEY, nick text DEFAULT 'x');
--rollback DROP TABLE account;

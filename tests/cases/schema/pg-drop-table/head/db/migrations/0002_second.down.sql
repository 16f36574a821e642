CREATE TABLE org (id bigserial PRIMARY KEY, name text);

CREATE TABLE versions (id serial PRIMARY KEY, version jsonb NOT NULL, version_md5 text NOT NULL);

CREATE TABLE tag (id serial PRIMARY KEY, kind text NOT NULL DEFAULT 'x');

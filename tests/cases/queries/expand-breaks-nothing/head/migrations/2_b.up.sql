ALTER TABLE users ADD COLUMN full_name text;
ALTER TABLE users ADD COLUMN kind text NOT NULL DEFAULT 'person';

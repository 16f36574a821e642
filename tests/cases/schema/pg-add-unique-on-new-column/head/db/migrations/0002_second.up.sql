ALTER TABLE account ADD COLUMN slug text;
ALTER TABLE account ADD CONSTRAINT account_slug UNIQUE (slug);

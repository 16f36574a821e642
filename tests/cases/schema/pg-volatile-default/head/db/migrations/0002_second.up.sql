ALTER TABLE account ADD COLUMN token uuid DEFAULT gen_random_uuid(), ADD COLUMN made timestamptz DEFAULT now();

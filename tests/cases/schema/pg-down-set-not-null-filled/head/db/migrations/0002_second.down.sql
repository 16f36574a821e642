UPDATE account SET email = '' WHERE email IS NULL;
ALTER TABLE account ALTER COLUMN email SET NOT NULL;

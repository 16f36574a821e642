ALTER TABLE account DROP CONSTRAINT account_pkey;

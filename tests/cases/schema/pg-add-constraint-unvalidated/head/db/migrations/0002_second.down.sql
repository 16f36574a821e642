ALTER TABLE account DROP CONSTRAINT account_age, DROP CONSTRAINT account_org;

ALTER TABLE account DROP COLUMN nick, VALIDATE CONSTRAINT account_age_check, FROBNICATE account;

CREATE INDEX account_email_idx ON account (email);

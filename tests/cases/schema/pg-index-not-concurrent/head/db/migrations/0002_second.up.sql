CREATE INDEX account_nick ON account (nick);

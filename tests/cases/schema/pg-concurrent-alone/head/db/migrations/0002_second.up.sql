CREATE INDEX CONCURRENTLY account_nick ON account (nick);

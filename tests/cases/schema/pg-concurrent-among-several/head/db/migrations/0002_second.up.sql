SET statement_timeout = '1h';
CREATE INDEX CONCURRENTLY account_nick ON account (nick);

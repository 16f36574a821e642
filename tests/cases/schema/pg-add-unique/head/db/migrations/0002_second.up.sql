CREATE UNIQUE INDEX CONCURRENTLY account_nick_key ON account (nick);

DROP INDEX CONCURRENTLY account_nick_key;

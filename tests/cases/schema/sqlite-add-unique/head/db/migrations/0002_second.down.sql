DROP INDEX account_nick_key;

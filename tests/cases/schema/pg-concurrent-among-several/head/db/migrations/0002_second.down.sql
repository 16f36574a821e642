DROP INDEX account_nick;

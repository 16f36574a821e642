CREATE UNIQUE INDEX account_nick_key ON account (nick);

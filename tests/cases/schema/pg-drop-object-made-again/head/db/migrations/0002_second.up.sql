DROP VIEW grown;
CREATE VIEW grown AS SELECT id, email, nick FROM account WHERE age > 17;

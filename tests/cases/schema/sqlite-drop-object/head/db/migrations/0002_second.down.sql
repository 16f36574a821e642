CREATE VIEW grown AS SELECT id, email FROM account WHERE age > 17;

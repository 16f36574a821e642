CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE VIEW grown AS SELECT id, email FROM account WHERE age > 17;

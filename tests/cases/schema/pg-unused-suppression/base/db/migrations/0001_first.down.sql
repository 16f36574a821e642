DROP VIEW grown;
DROP TYPE mood;
DROP TABLE org;
DROP TABLE account;

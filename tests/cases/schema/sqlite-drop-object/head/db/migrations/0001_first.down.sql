DROP VIEW grown;
DROP TABLE org;
DROP TABLE account;

DROP TABLE org;
DROP TABLE account;
